package pacemaker

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"ovndb-servers/pkg/process"
)

// ResourceAddresses returns the addresses that resources of the cluster hold, on whichever node:
// the parameters "ip" of IPaddr2 and its kin, and "ipv6addr" of IPv6addr.
func ResourceAddresses(ctx context.Context) ([]netip.Addr, error) {
	out, err := process.Run(ctx, cibadmin, "--query", "--xpath", `//primitive//nvpair[@name="ip" or @name="ipv6addr"]`)
	if exitCode(err) == exitNoSuchValue {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read which addresses the cluster's resources hold: %w", err)
	}
	return parseResourceAddresses(out)
}

// parseResourceAddresses reads the output of cibadmin. A value that is no address belongs to a resource
// of another kind.
func parseResourceAddresses(out string) ([]netip.Addr, error) {
	values, err := parseValues(out)
	if err != nil {
		return nil, fmt.Errorf("cannot read which addresses the cluster's resources hold: %w", err)
	}
	var all []netip.Addr
	for _, value := range values {
		text, _, _ := strings.Cut(value, "/")
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, address.WithZone("").Unmap())
		}
	}
	return all, nil
}

// The keys of Corosync's members; see cmap_keys(7).
const (
	membersKey  = "runtime.members."
	thisNodeKey = "runtime.votequorum.this_node_id"
)

// MemberAddress returns the address of this node on Corosync's first link. An answer without it is
// ErrUnreadable. It fails on a node of Pacemaker Remote, which runs no Corosync.
func MemberAddress(ctx context.Context) (netip.Addr, error) {
	out, err := process.Run(ctx, corosyncCmapctl, membersKey, thisNodeKey)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("cannot ask Corosync for this node's address: %w", err)
	}
	address, err := parseMemberAddress(out)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("cannot ask Corosync for this node's address: %w: %s prints %q", err, corosyncCmapctl, out)
	}
	return address, nil
}

// parseMemberAddress reads lines as "runtime.members.2.ip (str) = r(0) ip(192.0.2.12) r(1) ip(...)".
func parseMemberAddress(out string) (netip.Addr, error) {
	values := map[string]string{}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(line, " = ")
		key, _, _ = strings.Cut(key, " (")
		values[key] = strings.TrimSpace(value)
	}
	link, found := strings.CutPrefix(values[membersKey+values[thisNodeKey]+".ip"], "r(0) ip(")
	text, _, closed := strings.Cut(link, ")")
	address, err := netip.ParseAddr(text)
	if !found || !closed || err != nil {
		return netip.Addr{}, ErrUnreadable
	}
	return address.Unmap(), nil
}
