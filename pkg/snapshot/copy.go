package snapshot

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// copyPiece is how much is copied, in bytes, before the deadline is looked at
// again.
const copyPiece = 64 << 20

// copyFile copies the whole records that are in a file now; the kernel shares the
// blocks where the file system can. It returns the size of the copy, and how much of
// an unfinished record was left out.
func copyFile(ctx context.Context, from, to string) (size, cut int64, err error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = source.Close() }()
	err = create(to, func(target *os.File) error {
		if size, err = copyPieces(ctx, target, source); err != nil {
			return err
		}
		cut, err = cutTail(ctx, target, size)
		return err
	})
	return size - cut, cut, err
}

func copyPieces(ctx context.Context, target io.Writer, source io.Reader) (size int64, err error) {
	for err == nil {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		var n int64
		n, err = io.CopyN(target, source, copyPiece)
		size += n
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return size, err
}

func writeFile(path string, text []byte) error {
	return create(path, func(target *os.File) error {
		_, err := target.Write(text)
		return err
	})
}

// create makes a file that has its name only once it is complete and on disk;
// if it cannot be completed, nothing is left.
func create(path string, fill func(*os.File) error) error {
	temporary := path + unfinished
	target, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return err
	}
	err = fill(target)
	if err == nil {
		err = target.Sync()
	}
	err = errors.Join(err, target.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
