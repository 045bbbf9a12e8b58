package control

import (
	"context"

	"ovndb-servers/pkg/replication"
)

// observeManaged observes whether the cluster manages the resource on this node, if its servers may be
// none of it. Data of a term is the resource's, whoever has started its servers: they must not stay
// writable. Data that cannot be read is not.
func (c *Controller) observeManaged(ctx context.Context, o *replication.Observation) {
	if o.Promoted() || o.ExpectPromoted {
		return
	}
	var elsewhere []int
	foreign := false
	for i, u := range c.Units {
		if u.startedElsewhere(o.Servers[i]) {
			elsewhere = append(elsewhere, i)
		}
		foreign = foreign || o.Servers[i].Foreign != ""
	}
	if len(elsewhere) == 0 && !foreign {
		return
	}
	managed, err := c.Cluster.Managed(ctx, c.Node)
	c.warn(err, "the resource is taken for managed: active servers that it has not started are made read-only")
	if err != nil || managed {
		return
	}
	o.Unmanaged = true
	if held, err := c.positions(ctx); err == nil && held.Term() > 0 {
		return
	}
	for _, i := range elsewhere {
		o.Servers[i].Elsewhere = true
	}
}
