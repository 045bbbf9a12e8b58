package main

import (
	"context"
	"net/netip"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
)

// monitorAction is the action that runs all the time, and so has to be cheap.
// signal.NotifyContext would add a quarter to its cost, so a signal simply kills it: monitor has
// nothing to clean up.
const monitorAction = "monitor"

// clusterManager is Pacemaker, as package ocf needs it.
type clusterManager struct{}

// Resource implements [ocf.ClusterManager].
func (clusterManager) Resource(instance string, node control.Identity) control.Cluster {
	return pacemaker.Resource{Instance: instance, Node: node, Bundle: node.Host != ""}
}

// LocalNode implements [ocf.ClusterManager].
func (clusterManager) LocalNode(ctx context.Context) (string, error) {
	return pacemaker.LocalNode(ctx)
}

// ResourceAddresses implements [ocf.ClusterManager].
func (clusterManager) ResourceAddresses(ctx context.Context) ([]netip.Addr, error) {
	return pacemaker.ResourceAddresses(ctx)
}

// MemberAddresses implements [ocf.ClusterManager].
func (clusterManager) MemberAddresses(ctx context.Context, node control.Identity) ([]netip.Addr, error) {
	if node.Remote {
		return pacemaker.RemoteAddresses(ctx, node.Name)
	}
	address, err := pacemaker.MemberAddress(ctx)
	return []netip.Addr{address}, err
}

func runAgent(ctx context.Context, p program, action string) int {
	return int(newAgent(p).Run(ctx, action))
}

func newAgent(p program) ocf.Agent {
	return ocf.Agent{
		Getenv: p.getenv, Stdout: p.stdout, Stderr: p.stderr,
		Log:     ocf.NewLogger(p.stderr, p.getenv),
		Program: p.path,
		Version: version(),
		Cluster: clusterManager{},
		Network: network.Interfaces{},
	}
}
