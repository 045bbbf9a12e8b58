package ocf

import (
	"context"
	"fmt"
	"net/netip"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// controller returns the controller of the resource on this node, or what
// keeps this node from running it.
func (a Agent) controller(ctx context.Context, call call) (*control.Controller, error) {
	layout, err := process.DiscoverLayout(call.params.layout())
	if err != nil {
		return nil, err
	}
	owner, err := process.LookupOwner(call.params.User)
	if err != nil {
		return nil, err
	}
	c := a.bareController(ctx, call, layout)
	c.Owner = owner
	if c.Listening.NodeAddress, err = a.nodeAddress(ctx, call.params); err != nil {
		return nil, fmt.Errorf("cannot find this node's own address, set parameter node_address: %w", err)
	}
	return c, nil
}

// lenientController returns a controller that can observe, demote and stop the
// servers, whatever else is wrong with the configuration or the node.
func (a Agent) lenientController(ctx context.Context, call call) *control.Controller {
	c, err := a.controller(ctx, call)
	if err == nil {
		return c
	}
	a.Log.WithError(err).Warn("going on with a part of the configuration")
	return a.bareController(ctx, call, call.params.runningLayout())
}

// monitorController returns a controller whose owner and node address are looked up only if a
// monitor needs them.
func (a Agent) monitorController(ctx context.Context, call call) *control.Controller {
	layout, err := process.DiscoverLayout(call.params.layout())
	if err != nil {
		layout = call.params.runningLayout()
	}
	c := a.bareController(ctx, call, layout)
	c.Complete = func(ctx context.Context) {
		complete := a.lenientController(ctx, call)
		c.Owner, c.Listening = complete.Owner, complete.Listening
	}
	return c
}

func (a Agent) bareController(ctx context.Context, call call, layout process.Layout) *control.Controller {
	p := call.params
	node, cluster := a.nodeCluster(ctx, call.env)
	return &control.Controller{
		Instance: call.env.Instance,
		Node:     node,
		Units:    control.Units(layout, control.Endpoint(p.Northbound), control.Endpoint(p.Southbound)),
		Layout:   layout,
		Listening: control.Listening{
			MasterIP:         p.MasterIP,
			MasterIPOnly:     p.ListenOnMasterIPOnly,
			ClientProbe:      p.ClientProbe,
			ReplicationProbe: p.ReplicationProbe,
		},
		ManageNorthd: p.ManageNorthd,
		Snapshots:    p.Snapshots,
		BusyPatience: p.BusyPatience,
		Supervision:  a.supervision(call.env, p),
		Cluster:      cluster,
		Holds:        a.Network.Holds, CanListen: a.Network.CanListen,
		Log: a.Log,
	}
}

// seat returns this node's name and its cluster. Pacemaker tells the name to all
// actions it runs; where nobody knows one, there is no cluster.
func (a Agent) nodeCluster(ctx context.Context, env Environment) (string, control.Cluster) {
	cluster := a.Cluster.Resource(env.Instance)
	if env.Node != "" {
		return env.Node, cluster
	}
	name, err := a.Cluster.LocalNode(ctx)
	if err != nil {
		a.Log.WithError(err).Warn("there is no cluster on this node: nothing is known of other nodes")
		return "localhost", control.Alone{}
	}
	return name, cluster
}

func (a Agent) nodeAddress(ctx context.Context, p Parameters) (netip.Addr, error) {
	if p.NodeAddress.IsValid() || !p.MasterIP.IsValid() {
		return p.NodeAddress, nil
	}
	return a.Network.Towards(ctx, p.MasterIP)
}

func (p Parameters) layout() process.Layout {
	return process.Layout{
		RunDir: p.RunDir, DatabaseDir: p.DatabaseDir, LogDir: p.LogDir, SchemaDir: p.SchemaDir,
	}
}

// runningLayout returns the layout without asking where the databases are,
// which may be what is wrong: servers that run are reached by their sockets.
func (p Parameters) runningLayout() process.Layout {
	given := p.layout()
	if given.DatabaseDir == "" {
		given.DatabaseDir = "/"
	}
	layout, err := process.DiscoverLayout(given)
	if err != nil {
		return given
	}
	return layout
}
