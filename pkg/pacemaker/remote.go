package pacemaker

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"ovndb-servers/pkg/process"
)

// RemoteAddresses returns the addresses by which the cluster reaches a node of Pacemaker Remote: the
// parameter "server" of its connection, or "remote-addr" of the resource that it is a guest in. The
// default of either is the node's name. A name is looked up, and may have several.
func RemoteAddresses(ctx context.Context, node string) ([]netip.Addr, error) {
	fail := func(err error) error {
		return fmt.Errorf("cannot find the address by which the cluster reaches remote node %s: %w", node, err)
	}
	xpath := fmt.Sprintf(`//primitive[@id="%[1]s"]//nvpair[@name="server"]|//meta_attributes[nvpair[@name="remote-node" and @value="%[1]s"]]/nvpair[@name="remote-addr"]`, node)
	out, err := process.Run(ctx, cibadmin, "--query", "--xpath", xpath)
	host := node
	switch {
	case exitCode(err) == exitNoSuchValue:
	case err != nil:
		return nil, fail(err)
	default:
		if host, err = parseServer(out, node); err != nil {
			return nil, fail(err)
		}
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fail(err)
	}
	return permanent(found), nil
}

// parseServer reads the output of cibadmin. Without a value it is the node's name.
func parseServer(out, node string) (string, error) {
	values, err := parseValues(out)
	if err != nil {
		return "", err
	}
	for _, value := range values {
		if value != "" {
			return value, nil
		}
	}
	return node, nil
}

// permanent returns the addresses that other nodes can reach: a host's own name may be one of its
// loopback interface.
func permanent(addresses []netip.Addr) (all []netip.Addr) {
	for _, address := range addresses {
		if address = address.WithZone("").Unmap(); !address.IsLoopback() {
			all = append(all, address)
		}
	}
	return all
}
