package ocf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ovndb-servers/pkg/control"
)

// addressTimeout bounds the questions to the cluster for this node's own address.
const addressTimeout = 4 * time.Second

// ErrNoOwnAddress is returned if no address of this node is known to stay on it.
var ErrNoOwnAddress = errors.New("no address of this node is known to stay on it")

// ownAddress returns the address of this node from which the others replicate: the parameter, else
// the one that was found before and is still here, else one that it searches for. It is invalid
// without a virtual address that clients are to use.
func (a Agent) ownAddress(ctx context.Context, p Parameters, c *control.Controller) (netip.Addr, error) {
	known := c.OwnAddress()
	if !p.NodeAddress.IsValid() && known.IsValid() && known != p.MasterIP && a.Network.Holds(known) {
		return known, nil
	}
	found, err := a.searchAddress(ctx, p, c.Identity())
	if found.IsValid() && found != known && !p.NodeAddress.IsValid() {
		c.KeepOwnAddress(found)
	}
	return found, err
}

// searchAddress is ownAddress without an earlier answer.
func (a Agent) searchAddress(ctx context.Context, p Parameters, node control.Identity) (netip.Addr, error) {
	if p.NodeAddress.IsValid() || !p.MasterIP.IsValid() && p.ListenOnMasterIPOnly {
		return p.NodeAddress, nil
	}
	find := func() (netip.Addr, error) { return a.findAddress(ctx, p.MasterIP, node) }
	if !p.MasterIP.IsValid() {
		find = func() (netip.Addr, error) { return a.memberAddress(ctx, node) }
	}
	found, err := find()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("cannot find this node's own address, set parameter node_address: %w", err)
	}
	return found, nil
}

// findAddress returns an address of this node that stays on it: in the network of the virtual
// address and held by no resource of the cluster; else the one by which the cluster knows the node;
// else the source of its packets to the virtual address. A virtual loopback address, as in tests
// on one machine, is its own answer.
func (a Agent) findAddress(ctx context.Context, virtual netip.Addr, node control.Identity) (netip.Addr, error) {
	if virtual.IsLoopback() {
		return virtual, nil
	}
	ctx, cancel := context.WithTimeout(ctx, addressTimeout)
	defer cancel()
	taken := a.takenAddresses(ctx)
	moves := func(address netip.Addr) bool { return address == virtual || slices.Contains(taken, address) }
	beside, besideErr := a.Network.Beside(virtual)
	beside = slices.DeleteFunc(beside, moves)
	source, sourceErr := a.Network.Source(ctx, virtual)
	switch {
	case slices.Contains(beside, source):
		return source, nil
	case len(beside) > 0:
		return beside[0], nil
	}
	members, memberErr := a.Cluster.MemberAddresses(ctx, node)
	stays := func(address netip.Addr) bool { return !moves(address) && a.Network.Holds(address) }
	switch i := slices.IndexFunc(members, stays); {
	case memberErr == nil && i >= 0:
		return members[i], nil
	case sourceErr == nil && !moves(source):
		return source, nil
	}
	return netip.Addr{}, errors.Join(fmt.Errorf("%w: none in the network of %s", ErrNoOwnAddress, virtual), besideErr, memberErr, sourceErr)
}

// takenAddresses returns the addresses that resources of the cluster hold, and the log says if they are not known.
func (a Agent) takenAddresses(ctx context.Context) []netip.Addr {
	taken, err := a.Cluster.ResourceAddresses(ctx)
	if err != nil {
		a.Log.WithError(err).Warn("searching for this node's own address without them")
	}
	return taken
}

// memberAddress returns the address by which the cluster knows this node, if no resource of it holds
// that: without a virtual address no network is named in which to search.
func (a Agent) memberAddress(ctx context.Context, node control.Identity) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, addressTimeout)
	defer cancel()
	taken := a.takenAddresses(ctx)
	members, err := a.Cluster.MemberAddresses(ctx, node)
	stays := func(address netip.Addr) bool { return !slices.Contains(taken, address) && a.Network.Holds(address) }
	if i := slices.IndexFunc(members, stays); err == nil && i >= 0 {
		return members[i], nil
	}
	if err == nil {
		err = fmt.Errorf("that by which the cluster knows it, %s, is not on this node, or is a resource's", members)
	}
	return netip.Addr{}, errors.Join(ErrNoOwnAddress, err)
}
