package ocf

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// open returns the resource that an action's environment describes.
func (a Agent) open(ctx context.Context, env Environment, p Parameters) resource {
	c, complete := a.controller(ctx, env, p)
	if !env.Probe() {
		c.EndEarlierVersion(ctx)
	}
	c.Complete = func(ctx context.Context) { warnIncomplete(a.Log, complete(ctx)) }
	return resource{Verbs: controllerVerbs{c}, node: c.Node, complete: complete}
}

// controller returns the controller of the resource on this node, whatever is wrong with the
// configuration or the node: running servers are reached by their sockets. complete sets its Owner
// and NodeAddress, and returns all that keeps this node from running the resource.
func (a Agent) controller(ctx context.Context, env Environment, p Parameters) (c *control.Controller, complete func(context.Context) error) {
	layout, layoutErr := process.DiscoverLayout(p.layout())
	if layoutErr != nil {
		layout = p.socketLayout()
	}
	node, cluster := a.nodeCluster(ctx, env)
	c = &control.Controller{
		Instance: env.Instance,
		Node:     node,
		Remote:   env.Remote, AttributeHost: env.AttributeHost,
		Units:    control.Units(layout, p.Northbound, p.Southbound),
		Layout:   layout,
		StateDir: filepath.Join(p.StateDir, env.Instance),
		RunDir:   filepath.Join(p.StateRunDir, env.Instance),
		Listening: control.Listening{
			MasterIP:         p.MasterIP,
			MasterIPOnly:     p.ListenOnMasterIPOnly,
			DualStack:        !p.ListenOnMasterIPOnly && a.Network.DualStack(),
			ClientProbe:      p.ClientProbe,
			ReplicationProbe: p.ReplicationProbe,
		},
		ManageNorthd: p.ManageNorthd, NorthdThreads: p.NorthdThreads, NorthdParameters: process.OVNNorthdParameters,
		Snapshots:    p.Snapshots,
		BusyPatience: p.BusyPatience, LeadWhenBehind: p.LeadWhenBehind,
		Supervision: a.supervision(env), Parameters: a.accepted(), MonitorInterval: env.Interval,
		Cluster: cluster,
		Holds:   a.Network.Holds, CanListen: a.Network.CanListen,
		Log: a.Log,
	}
	return c, func(ctx context.Context) error {
		var ownerErr, addressErr error
		c.Owner, ownerErr = p.owner()
		c.Listening.NodeAddress, addressErr = a.ownAddress(ctx, p, c)
		return errors.Join(layoutErr, ownerErr, addressErr)
	}
}

// owner returns the account of the servers: the one of the parameter, else that of OVN's packages,
// else this process's own.
func (p Parameters) owner() (process.Owner, error) { return p.ownerBy(process.OVNSettings) }

// ownerBy is owner, with the file in which OVN's packages say which account theirs is.
func (p Parameters) ownerBy(settings string) (process.Owner, error) {
	if p.User != "" {
		return process.LookupOwner(p.User)
	}
	packaged, err := process.PackagedAccount(settings)
	if err != nil {
		return process.Owner{}, err
	}
	return process.LookupOwner(packaged)
}

// warnIncomplete logs the reason why a resource lacks its owner or address, for the actions that go
// on without.
func warnIncomplete(log logrus.FieldLogger, err error) {
	if err != nil {
		log.WithError(err).Warn("cannot complete the configuration on this node: going on with the part that is known")
	}
}

// nodeCluster returns this node's name and its cluster. Pacemaker passes the name to all actions it
// runs; a node that has none is in no cluster.
func (a Agent) nodeCluster(ctx context.Context, env Environment) (string, control.Cluster) {
	if env.Node != "" {
		return env.Node, a.Cluster.Resource(env.Instance, env.identity())
	}
	name, err := a.Cluster.LocalNode(ctx)
	if err != nil {
		a.Log.WithError(err).Warn("cannot ask Pacemaker for the name of this node: going on without a cluster")
		return "localhost", control.Alone{}
	}
	return name, a.Cluster.Resource(env.Instance, control.Identity{Name: name})
}

func (p Parameters) layout() process.Layout {
	return process.Layout{
		RunDir: p.RunDir, DatabaseDir: p.DatabaseDir, LogDir: p.LogDir, SchemaDir: p.SchemaDir, Pair: p.Databases,
	}
}

// socketLayout returns a layout in which the sockets are certain and the databases may not be: it
// does not search for them.
func (p Parameters) socketLayout() process.Layout {
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
