package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// flagExiting is set for a thread that executes no more of its program (PF_EXITING in the kernel's
// include/linux/sched.h).
const flagExiting = 0x4

const (
	// exitedDelay is the time between two looks whether a process has exited.
	exitedDelay = 50 * time.Millisecond

	// lastingExit is how long a process has exited that counts as ended: usually the next moment the
	// kernel says so itself.
	lastingExit = 500 * time.Millisecond
)

// awaitExit waits until a process has ended, or has exited without being collected. Of the latter a
// pidfd says nothing: a process of the same account may trace a thread, which then stays when it has
// ended, or may keep a process of a PID namespace whose first one has to wait for it.
func (h *handle) awaitExit(ctx context.Context) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, exitedDelay)
		err := h.wait(waiting)
		cancel()
		switch {
		case err == nil || h.exited():
			return nil
		case ctx.Err() != nil:
			return err
		}
	}
}

// exited reports whether the process has ended, or for a while has executed nothing more and given up
// all that it had: its files, with their locks, and its memory.
func (h *handle) exited() bool {
	if h.ended() {
		return true
	}
	if !allThreadsExited(h.pid) {
		h.exitedSince = time.Time{}
		return false
	}
	if h.exitedSince.IsZero() {
		h.exitedSince = time.Now()
	}
	return time.Since(h.exitedSince) >= lastingExit
}

func allThreadsExited(pid int) bool {
	directory := filepath.Join("/proc", strconv.Itoa(pid), "task")
	threads, err := os.ReadDir(directory)
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(threads, func(thread os.DirEntry) bool {
		return !threadExited(filepath.Join(directory, thread.Name()))
	})
}

// threadExited looks at the directory of a thread in /proc. One that is gone has exited.
func threadExited(directory string) bool {
	stat, err := readStatFile(filepath.Join(directory, "stat"))
	if err != nil {
		return errors.Is(err, ErrNotRunning)
	}
	if stat.state == "Z" || stat.state == "X" {
		return true
	}
	if stat.flags&flagExiting == 0 {
		return false
	}
	files, err := os.ReadDir(filepath.Join(directory, "fd"))
	return err == nil && len(files) == 0
}
