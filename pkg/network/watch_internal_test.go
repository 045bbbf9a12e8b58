package network

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mdlayher/netlink"
)

// fakeSocket passes on what the test sends to it.
type fakeSocket struct {
	received chan error
	closed   chan struct{}
}

func newFakeSocket() *fakeSocket {
	return &fakeSocket{received: make(chan error), closed: make(chan struct{})}
}

func (s *fakeSocket) Receive() ([]netlink.Message, error) {
	select {
	case err := <-s.received:
		return nil, err
	case <-s.closed:
		return nil, os.ErrClosed
	}
}

func (s *fakeSocket) Close() error {
	close(s.closed) // panics if it is closed twice
	return nil
}

var errBroken = errors.New("broken")

// start runs a watcher with the given sockets, of which nil is one that cannot be
// opened, and after them sockets that are broken. It returns the number of sockets that
// were asked for. The end of the test's bubble waits for the watcher's end.
func start(ctx context.Context, t *testing.T, sockets ...*fakeSocket) (changed <-chan struct{}, dialed func() int) {
	t.Helper()
	count := 0
	w, err := newWatcher(func() (socket, error) {
		count++
		if count > len(sockets) || sockets[count-1] == nil {
			return nil, errBroken
		}
		return sockets[count-1], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	go w.run(ctx)
	return w.changed, func() int { synctest.Wait(); return count }
}

// reported reports whether a change is announced now.
func reported(changed <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-changed:
		return true
	default:
		return false
	}
}

func TestWatchOfASocketThatCannotBeOpenedAgainTriesOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		first := newFakeSocket()
		changed, dialed := start(ctx, t, first)
		first.received <- errBroken
		if !reported(changed) {
			t.Error("a change that may have been missed is not reported")
		}
		time.Sleep(10*time.Second + time.Millisecond) // of the bubble's clock
		if got := dialed(); got != 1+10 {
			t.Errorf("%d sockets in ten seconds, want 10 after the first", got)
		}
		select {
		case <-first.closed:
		default:
			t.Error("the broken socket is still open")
		}
	})
}

func TestWatchOfASocketThatFailsEachTimePausesEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		sockets := make([]*fakeSocket, 100)
		for i := range sockets {
			sockets[i] = newFakeSocket()
			sockets[i].received = make(chan error, 1)
			sockets[i].received <- errBroken
		}
		_, dialed := start(ctx, t, sockets...)
		time.Sleep(10*time.Second + time.Millisecond)
		if got := dialed(); got != 1+10 {
			t.Errorf("%d sockets in ten seconds, want 10 after the first", got)
		}
	})
}

func TestWatchAfterABrokenSocketReportsChangesOfTheNextOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		first, second := newFakeSocket(), newFakeSocket()
		changed, _ := start(ctx, t, first, nil, second)
		first.received <- nil
		if !reported(changed) || reported(changed) {
			t.Error("one change is not reported once")
		}
		first.received <- errBroken
		reported(changed)
		time.Sleep(2*retryDelay + time.Millisecond)
		if !reported(changed) {
			t.Error("what changed while there was no socket is not reported")
		}
		second.received <- nil
		if !reported(changed) {
			t.Error("a change is not reported")
		}
	})
}

func TestWatchWhoseContextEndsClosesItsSocketAndReportsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		first := newFakeSocket()
		changed, dialed := start(ctx, t, first)
		cancel()
		if reported(changed) || dialed() != 1 {
			t.Error("it goes on")
		}
		<-first.closed
	})
}
