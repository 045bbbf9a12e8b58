// Package processtest helps tests that start and end processes.
package processtest

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// endTimeout bounds the wait for the end of a process.
const endTimeout = 30 * time.Second

// AwaitEnd waits until a process has ended, which a zombie has, and fails the test if it does not.
func AwaitEnd(tb testing.TB, pid int) {
	tb.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		tb.Fatalf("cannot open process %d: %v", pid, err)
	}
	defer func() { _ = unix.Close(fd) }()
	for until := time.Now().Add(endTimeout); ; {
		left := max(0, time.Until(until).Milliseconds())
		count, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || count == 0:
			tb.Fatalf("process %d has not ended within %s: %v", pid, endTimeout, err)
		default:
			return
		}
	}
}
