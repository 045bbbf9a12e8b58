package network

import (
	"context"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Watch sends on the channel it returns when an address of this network namespace has
// come or gone, until ctx ends. Sends that nobody has received yet are one.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	connection, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{
		Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot watch the addresses of this node: %w", err)
	}
	changed := make(chan struct{}, 1)
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	go func() {
		for ctx.Err() == nil {
			if _, err := connection.Receive(); err != nil && ctx.Err() != nil {
				return
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, nil
}
