package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// address is an address of an interface.
type address struct {
	netip.Prefix
	// flags are IFA_F_* of linux/if_addr.h.
	flags uint32
}

// lasting reports whether the address is the first of its network on the interface, and none that
// the kernel has made up for a while: IFA_F_TEMPORARY of IPv6 is the same bit.
func (a address) lasting() bool { return a.flags&unix.IFA_F_SECONDARY == 0 }

// usable reports whether a server can listen on the address, and others connect to it.
func (a address) usable() bool {
	const unusable = unix.IFA_F_DEPRECATED | unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED
	return a.flags&unusable == 0 && !a.Addr().IsLinkLocalUnicast()
}

// addresses asks the kernel for the addresses of this network namespace; see rtnetlink(7).
func addresses() ([]address, error) {
	connection, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read this node's addresses: %w", err)
	}
	defer connection.Close() //nolint:errcheck // nothing was written
	messages, err := connection.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.RTM_GETADDR, Flags: netlink.Request | netlink.Dump},
		Data:   make([]byte, unix.SizeofIfAddrmsg),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read this node's addresses: %w", err)
	}
	var all []address
	for _, message := range messages {
		if a, ok := parseAddress(message.Data); ok {
			all = append(all, a)
		}
	}
	return all, nil
}

// parseAddress reads struct ifaddrmsg and its attributes. IFA_LOCAL is the address of the interface
// where there is one: IFA_ADDRESS is the other end's then, on a point-to-point link.
func parseAddress(data []byte) (address, bool) {
	if len(data) < unix.SizeofIfAddrmsg {
		return address{}, false
	}
	bits, flags := int(data[1]), uint32(data[2])
	attributes, err := netlink.UnmarshalAttributes(data[unix.SizeofIfAddrmsg:])
	if err != nil {
		return address{}, false
	}
	var found []byte
	for _, attribute := range attributes {
		switch {
		case attribute.Type == unix.IFA_LOCAL, attribute.Type == unix.IFA_ADDRESS && found == nil:
			found = attribute.Data
		case attribute.Type == unix.IFA_FLAGS && len(attribute.Data) == 4:
			flags = binary.NativeEndian.Uint32(attribute.Data)
		}
	}
	addr, ok := netip.AddrFromSlice(found)
	prefix := netip.PrefixFrom(addr, bits)
	return address{Prefix: prefix, flags: flags}, ok && prefix.IsValid()
}
