package process

import (
	"fmt"
	"os"
	"time"
)

// The kernel has whoever reads files such as stat, cmdline or environ of a process wait while that executes a
// program or changes its memory, which takes as long as its account likes: it may answer for the files of the
// process itself (FUSE). It does not for the files comm and status.

// procTimeout bounds the wait for such a file.
const procTimeout = 200 * time.Millisecond

// readProc is readBounded for such a file. The read goes on after procTimeout, and does not keep this process
// from being ended.
func readProc(path string, limit int64) (string, error) {
	type result struct {
		content string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, err := readBounded(path, limit)
		done <- result{content, err}
	}()
	timer := time.NewTimer(procTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.content, r.err
	case <-timer.C:
		return "", fmt.Errorf("cannot read %s: the process keeps it: %w", path, os.ErrDeadlineExceeded)
	}
}
