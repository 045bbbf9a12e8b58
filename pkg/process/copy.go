package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// chunk is how much of a file is handled, in bytes, before the context is
// looked at again.
const chunk = 1 << 20

// copyFile copies a file to one that does not exist yet. What it leaves after
// a failure is incomplete.
func copyFile(ctx context.Context, source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // only read
	return copyTo(ctx, from, target)
}

// copyTo is copyFile for the rest of an open file.
func copyTo(ctx context.Context, from io.Reader, target string) error {
	to, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, databaseMode)
	if err != nil {
		return err
	}
	for err == nil {
		if _, err = io.CopyN(to, from, chunk); err == nil {
			err = context.Cause(ctx)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, to.Close())
}

// sameContent compares two files byte for byte. A link is not followed: it is
// never the same.
func sameContent(ctx context.Context, a, b string) (bool, error) {
	first, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer first.Close() //nolint:errcheck // only read
	second, err := os.OpenFile(b, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer second.Close() //nolint:errcheck // only read
	left, right := make([]byte, chunk), make([]byte, chunk)
	for {
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		n, errLeft := io.ReadFull(first, left)
		m, errRight := io.ReadFull(second, right)
		if !bytes.Equal(left[:n], right[:m]) {
			return false, nil
		}
		if ended(errLeft) || ended(errRight) {
			return ended(errLeft) && ended(errRight), nil
		}
		if err := errors.Join(errLeft, errRight); err != nil {
			return false, err
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
