package process

import (
	"context"
	"fmt"
	"os"
	"time"

	"ovndb-servers/pkg/parallel"
)

// The kernel has whoever reads files such as stat, cmdline or environ of a process wait while that executes a
// program or changes its memory, which takes as long as its account likes: it may answer for the files of the
// process itself (FUSE). It does not for the files comm and status.

// procTimeout bounds the wait for such a file.
const procTimeout = 200 * time.Millisecond

// readProc is readBounded for such a file. The read goes on after procTimeout, and does not keep this process
// from being ended.
func readProc(path string, limit int64) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), procTimeout)
	defer cancel()
	var content string
	returned, err := parallel.Until(ctx, func() (err error) {
		content, err = readBounded(path, limit)
		return err
	})
	if !returned {
		return "", fmt.Errorf("cannot read %s: the process keeps it: %w", path, os.ErrDeadlineExceeded)
	}
	return content, err
}
