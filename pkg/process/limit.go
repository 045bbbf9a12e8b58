package process

import (
	"errors"
	"fmt"
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// raiseFileLimit raises this process's limit of open files to at least want,
// so that its children get it. Beyond the hard limit it goes if it may.
//
// Go's runtime raises its own soft limit to the hard one when it starts and
// gives children back the original. Only a call of syscall.Setrlimit makes it
// leave them the current one, so the limit is set even if it is high enough.
func raiseFileLimit(want uint64) error {
	if want == 0 {
		return nil
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("cannot read the limit of open files: %w", err)
	}
	limit.Cur = max(limit.Cur, want)
	if limit.Cur > limit.Max {
		beyond := syscall.Rlimit{Cur: limit.Cur, Max: limit.Cur}
		err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &beyond)
		if err == nil || !errors.Is(err, syscall.EPERM) {
			return err
		}
		limit.Cur = limit.Max
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("cannot raise the limit of open files to %d: %w", limit.Cur, err)
	}
	return nil
}

// keepFilesFromChildren marks every open file as not to be inherited. Those
// this process opened are; but its own parent may have left it others, such as
// the end of a pipe, which a daemon would hold open for ever. Kernels before
// 5.11 cannot: then such files are inherited.
func keepFilesFromChildren() {
	_ = unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
}
