package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// flagExiting is set for a thread that executes no more of its program (PF_EXITING in the kernel's
// include/linux/sched.h).
const flagExiting = 0x4

// exitedDelay is the time between two looks whether a process has exited.
const exitedDelay = 50 * time.Millisecond

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

// exited reports whether the process has ended, or will execute nothing more and has given up all that
// it had: its files, with their locks, and its memory.
func (h *handle) exited() bool {
	if h.ended() {
		return true
	}
	directory := filepath.Join("/proc", strconv.Itoa(h.pid), "task")
	threads, err := os.ReadDir(directory)
	if err != nil {
		return false
	}
	for _, thread := range threads {
		if !threadExited(filepath.Join(directory, thread.Name())) {
			return false
		}
	}
	return true
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
