// Package network answers questions about this node's own addresses.
package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Interfaces are the network interfaces of this node.
type Interfaces struct{}

// ErrNoAddress is returned when this node has no address of its own towards
// another one.
var ErrNoAddress = errors.New("this node has no address of its own in that direction")

// Holds reports whether an interface of this node has the address: false if the
// interfaces cannot be read.
func (Interfaces) Holds(target netip.Addr) bool {
	all, err := addresses()
	return err == nil && slices.ContainsFunc(all, func(own address) bool { return own.Addr() == target })
}

// CanListen returns nil if a server could listen on an address and port now, or
// the error of listening. It listens there itself for a moment.
func (Interfaces) CanListen(ctx context.Context, at netip.AddrPort) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", at.String())
	if err != nil {
		return err
	}
	return listener.Close()
}

// bindV6Only is where the kernel says whether IPv6 sockets leave IPv4 alone. It is not there without IPv6.
const bindV6Only = "/proc/sys/net/ipv6/bindv6only"

// DualStack reports whether a server that listens on any IPv6 address takes connections by IPv4 as well,
// if it does not choose otherwise: ovsdb-server does not.
func (Interfaces) DualStack() bool { return dualStack(bindV6Only) }

func dualStack(setting string) bool {
	text, err := os.ReadFile(setting) //nolint:gosec // the kernel's
	return err == nil && strings.TrimSpace(string(text)) == "0"
}

// Beside returns this node's own addresses in the networks that an address is in, itself excepted:
// those that an interface keeps come first. None is an address of one link alone.
func (Interfaces) Beside(target netip.Addr) ([]netip.Addr, error) {
	all, err := addresses()
	if err != nil {
		return nil, err
	}
	var lasting, others []netip.Addr
	for _, a := range all {
		switch {
		case a.Addr() == target || !a.Masked().Contains(target) || !a.usable():
		case a.lasting():
			lasting = append(lasting, a.Addr())
		default:
			others = append(others, a.Addr())
		}
	}
	return append(lasting, others...), nil
}

// anyPort stands for a port where only the route matters.
const anyPort = 6641

// Source returns the address from which this node would talk to the given one, which is that
// address itself if this node has it. It asks the kernel for its route; connecting a UDP socket
// sends nothing. It returns ErrNoAddress if there is no route.
func (Interfaces) Source(ctx context.Context, address netip.Addr) (netip.Addr, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(address.String(), strconv.Itoa(anyPort)))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%w: %w", ErrNoAddress, err)
	}
	defer func() { _ = conn.Close() }()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%w: %w", ErrNoAddress, err)
	}
	return local.Addr().Unmap().WithZone(""), nil
}
