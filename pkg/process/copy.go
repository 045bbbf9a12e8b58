package process

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// chunk is how much of a file is handled, in bytes, before the context is
// looked at again.
const chunk = 1 << 20

// copyTo copies the rest of an open file to one that does not exist yet. After a failure
// that is incomplete.
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
