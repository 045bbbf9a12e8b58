package snapshot

import (
	"context"
	"errors"
	"io"
	"os"

	"ovndb-servers/pkg/atomicfile"
)

// copyPiece is how much is copied, in bytes, before the deadline is looked at
// again.
const copyPiece = 64 << 20

// copyFile copies the whole records that are in a file now to a file of root; the
// kernel shares the blocks where the file system can. It returns the size of the copy,
// and how much of an unfinished record was left out.
func copyFile(ctx context.Context, from string, root *os.Root, to string) (size, cut int64, err error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = source.Close() }()
	err = atomicfile.Create(root, to, fileMode, func(target *os.File) error {
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
