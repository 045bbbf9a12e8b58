package ovsdbctl

import (
	"net/netip"
	"strconv"
	"strings"
)

// defaultPort is where a passive target without a port listens (OVSDB_PORT in Open vSwitch).
const defaultPort = 6640

// A listener is where a server listens for a target "ptcp:" or "pssl:".
type listener struct {
	protocol string // "ptcp" or "pssl"
	port     uint16
	address  netip.Addr
}

// parseListener reads a target as inet_parse_passive in lib/socket-util.c of Open vSwitch does. It
// returns false for other targets, and for those on which no server listens.
func parseListener(target string) (listener, bool) {
	protocol, rest, _ := strings.Cut(target, ":")
	if protocol != "ptcp" && protocol != "pssl" {
		return listener{}, false
	}
	portText, host, _ := strings.Cut(rest, ":")
	port, err := uint64(defaultPort), error(nil)
	if portText != "" {
		port, err = strconv.ParseUint(strings.TrimSpace(portText), 10, 16)
	}
	if err != nil || port == 0 {
		return listener{}, false
	}
	address, ok := listenerAddress(host)
	return listener{protocol: protocol, port: uint16(port), address: address}, ok
}

// listenerAddress reads the address of a target; without one it is any of IPv4.
func listenerAddress(host string) (netip.Addr, bool) {
	if host == "" {
		return netip.IPv4Unspecified(), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return address.Unmap(), err == nil
}

// covers reports whether all that can connect to other can connect to l as well.
func (l listener) covers(other listener) bool {
	return l.protocol == other.protocol && l.port == other.port && includes(l.address, other.address)
}

// clashes reports whether l and other need the same port of the same address, and only one of them
// can have it.
func (l listener) clashes(other listener) bool {
	return l.port == other.port && (includes(l.address, other.address) || includes(other.address, l.address))
}

// includes reports whether a listener on address a takes connections to b. One on [::] takes those
// to IPv4 addresses as well: Open vSwitch leaves IPV6_V6ONLY off.
func includes(a, b netip.Addr) bool {
	return a == b || a == netip.IPv6Unspecified() || a == netip.IPv4Unspecified() && b.Is4()
}
