package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// handle refers to one process by a pidfd: it never comes to mean another one
// that got the same number. Waits on one handle take turns.
type handle struct {
	pid  int
	file *os.File
	// exitedSince is when the process was first seen to have exited without having ended.
	exitedSince time.Time
}

// openHandle returns [ErrNotRunning] if there is no such process.
func openHandle(pid int) (*handle, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, fmt.Errorf("cannot open process %d: %w", pid, ErrNotRunning)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open process %d: %w", pid, err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &handle{pid: pid, file: os.NewFile(uintptr(fd), fmt.Sprintf("pidfd:%d", pid))}, nil
}

// openIf opens a process that belongs to a set, nil if it does not, or is gone. It asks again once the process
// is open: until then its number may have changed hands.
func openIf(pid int, belongs func(pid int) bool) *handle {
	if !belongs(pid) {
		return nil
	}
	process, err := openHandle(pid)
	if err != nil {
		return nil
	}
	if !belongs(pid) {
		process.close()
		return nil
	}
	return process
}

func (h *handle) close() {
	_ = h.file.Close() // a pidfd has nothing to flush
}

// signal sends a signal; to a process that is gone it does nothing.
func (h *handle) signal(signal unix.Signal) error {
	connection, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := connection.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), signal, nil, 0) }); err != nil {
		return err
	}
	if sent != nil && !errors.Is(sent, unix.ESRCH) {
		return fmt.Errorf("cannot send signal %d to process %d: %w", signal, h.pid, sent)
	}
	return nil
}

// wait returns when the process has ended, or with the context's cause. A
// zombie has ended.
func (h *handle) wait(ctx context.Context) error {
	connection, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = h.file.SetReadDeadline(past()) // a pidfd supports deadlines
	})
	defer func() {
		if !stop() {
			<-interrupted
		}
		_ = h.file.SetReadDeadline(time.Time{})
	}()
	var failure error
	err = connection.Read(func(fd uintptr) bool {
		var ended bool
		ended, failure = hasEnded(int(fd))
		return ended || failure != nil
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = context.Cause(ctx)
	}
	if err = errors.Join(failure, err); err != nil {
		return fmt.Errorf("cannot see process %d end: %w", h.pid, err)
	}
	return nil
}

// ended reports whether the process has ended.
func (h *handle) ended() bool {
	ended := false
	connection, err := h.file.SyscallConn()
	if err != nil {
		return false
	}
	err = connection.Control(func(fd uintptr) { ended, _ = hasEnded(int(fd)) })
	return err == nil && ended
}

// hasEnded asks a pidfd, which becomes readable when its process ends.
func hasEnded(fd int) (bool, error) {
	for {
		count, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if !errors.Is(err, unix.EINTR) {
			return count > 0, err
		}
	}
}
