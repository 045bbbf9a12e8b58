package control

import (
	"net/netip"
	"strconv"
)

// ParkingAddress is the source of a backup while no node is promoted:
// an address of RFC 5737's TEST-NET-1, which no network has. OVN's shell agent
// uses the same one, so an operator recognises it in sync-status.
const ParkingAddress = "192.0.2.254"

// Source returns the OVSDB remote of the active server at address, the way
// sync-status prints it: "tcp:10.0.0.1:6641", "tcp:[2001:db8::1]:6641".
func (e Endpoint) Source(address netip.Addr) string {
	return e.Protocol + ":" + hostPort(address, e.Port)
}

// Parking returns the remote that keeps a server read-only and unconnected.
func (e Endpoint) Parking() string {
	return e.Source(netip.MustParseAddr(ParkingAddress))
}

// Listener returns the passive remote on address: "ptcp:6641:10.0.0.1",
// "ptcp:6641:[2001:db8::1]".
func (e Endpoint) Listener(address netip.Addr) string {
	return "p" + e.Protocol + ":" + strconv.Itoa(int(e.Port)) + ":" + bracketed(address)
}

func hostPort(address netip.Addr, port uint16) string {
	return bracketed(address) + ":" + strconv.Itoa(int(port))
}

func bracketed(address netip.Addr) string {
	if address.Is6() {
		return "[" + address.String() + "]"
	}
	return address.String()
}
