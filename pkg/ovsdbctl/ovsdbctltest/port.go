package ovsdbctltest

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Port returns a TCP port on which servers can listen until the test ends, at any address
// of this machine, IPv4 and IPv6. No other program is given the port meanwhile: a socket
// is bound to it, and with SO_REUSEADDR, which ovsdb-server and package net set too, Linux
// lets others listen beside a socket that does not listen itself (socket(7)).
//
// A connection to the port is refused while no server of the test listens.
func Port(tb testing.TB) uint16 {
	tb.Helper()
	socket, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatalf("cannot reserve a port: %v", err)
	}
	tb.Cleanup(func() { _ = unix.Close(socket) })
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		tb.Fatalf("cannot reserve a port: %v", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrInet6{}); err != nil {
		tb.Fatalf("cannot reserve a port: %v", err)
	}
	address, err := unix.Getsockname(socket)
	inet6, ok := address.(*unix.SockaddrInet6)
	if err != nil || !ok {
		tb.Fatalf("cannot reserve a port: %v, address %v", err, address)
	}
	return uint16(inet6.Port)
}
