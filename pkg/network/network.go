// Package network answers questions about this node's own addresses.
package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Interfaces are the network interfaces of this node.
type Interfaces struct{}

// ErrNoAddress is returned when this node has no address of its own towards
// another one.
var ErrNoAddress = errors.New("this node has no address of its own in that direction")

// Holds reports whether an interface of this node has the address: false if the
// interfaces cannot be read.
func (Interfaces) Holds(address netip.Addr) bool {
	prefixes, err := prefixes()
	return err == nil && held(prefixes, address)
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

func held(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, p := range prefixes {
		if p.Addr() == address {
			return true
		}
	}
	return false
}

// Towards returns the address from which this node would talk to the given
// one. If that is an address of its own, as a virtual address is on the node
// that has it, the answer is an address beside it, of a network both are in;
// a loopback address is its own answer. It returns ErrNoAddress if there is none.
func (Interfaces) Towards(ctx context.Context, address netip.Addr) (netip.Addr, error) {
	prefixes, err := prefixes()
	if err != nil {
		return netip.Addr{}, err
	}
	if held(prefixes, address) || address.IsLoopback() {
		return beside(prefixes, address)
	}
	return routed(ctx, address)
}

// beside prefers the widest network, as a virtual address often comes with a
// prefix as long as the address.
func beside(prefixes []netip.Prefix, address netip.Addr) (netip.Addr, error) {
	if address.IsLoopback() {
		return address, nil
	}
	for _, p := range prefixes {
		if p.Addr() != address && p.Contains(address) {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%w: %s is on this node, and no other address in its network", ErrNoAddress, address)
}

// anyPort stands for a port where only the route matters.
const anyPort = 6641

// routed asks the kernel for the source address of its route; connecting a UDP
// socket sends nothing.
func routed(ctx context.Context, address netip.Addr) (netip.Addr, error) {
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

func prefixes() ([]netip.Prefix, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("cannot read this node's addresses: %w", err)
	}
	var all []netip.Prefix
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()))
		}
	}
	return all, nil
}
