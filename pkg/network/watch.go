package network

import (
	"context"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// retryDelay is the pause after an error of the socket: one that lasts must not take
// the CPU.
const retryDelay = time.Second

// Watch sends on the channel it returns when an address of this network namespace has
// come or gone, until ctx ends. Several sends that were not received yet are one. After
// an error of the socket, by which changes may be missed, it sends as well, and opens
// another one every second until that works. It returns the error of the first socket.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	watch, err := newWatcher(dial)
	if err != nil {
		return nil, fmt.Errorf("cannot watch the addresses of this node: %w", err)
	}
	go watch.run(ctx)
	return watch.changed, nil
}

// socket is the part of a netlink connection that is used. Close ends a Receive.
type socket interface {
	Receive() ([]netlink.Message, error)
	Close() error
}

// dial opens a socket that is told about addresses (rtnetlink(7)).
func dial() (socket, error) {
	connection, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{
		Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR,
	})
	if err != nil {
		return nil, err // and no interface that holds a nil
	}
	return connection, nil
}

type watcher struct {
	dial    func() (socket, error)
	socket  socket
	changed chan struct{}
}

func newWatcher(dial func() (socket, error)) (*watcher, error) {
	first, err := dial()
	if err != nil {
		return nil, err
	}
	return &watcher{dial: dial, socket: first, changed: make(chan struct{}, 1)}, nil
}

func (w *watcher) run(ctx context.Context) {
	for {
		if w.socket != nil {
			w.receive(ctx)
		}
		if pause(ctx) != nil {
			return
		}
		w.socket, _ = w.dial() // nil after an error: tried again after a pause
		w.report()             // changes of the meantime were missed
	}
}

// receive reports changes until the socket fails or ctx ends, and closes it.
func (w *watcher) receive(ctx context.Context) {
	opened := w.socket
	stop := context.AfterFunc(ctx, func() { _ = opened.Close() })
	for {
		_, err := opened.Receive()
		if ctx.Err() != nil {
			break
		}
		w.report() // after an error as well: with ENOBUFS, messages are lost (netlink(7))
		if err != nil {
			break
		}
	}
	if stop() {
		_ = opened.Close()
	}
}

func (w *watcher) report() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// pause waits for retryDelay, or returns the context's cause.
func pause(ctx context.Context) error {
	timer := time.NewTimer(retryDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
