package supervisor

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// threadNap has the calling thread sleep in the kernel, where no other thread has to wake it up, until a
// context ends: a supervisor that ends must not wait for it, as the stop action waits for the supervisor.
type threadNap struct {
	// reader is the end of a pipe that is hung up with the context; -1, at which nothing ever happens,
	// if there is none.
	reader int32
	// hungUp is closed once the other end is closed.
	hungUp chan struct{}
}

func newThreadNap(ctx context.Context) threadNap {
	n := threadNap{reader: -1, hungUp: make(chan struct{})}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		close(n.hungUp)
		return n
	}
	n.reader = int32(ends[0]) //nolint:gosec // a file descriptor of Linux is an int
	context.AfterFunc(ctx, func() {
		defer close(n.hungUp)
		_ = unix.Close(ends[1]) // nothing was written
	})
	return n
}

// take sleeps. A signal of Go's runtime ends it early.
func (n threadNap) take(d time.Duration) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: n.reader}}, int(d.Milliseconds())) // it hangs up, also if no event is asked for
}

// close is called when the context has ended.
func (n threadNap) close() {
	<-n.hungUp
	if n.reader >= 0 {
		_ = unix.Close(int(n.reader))
	}
}
