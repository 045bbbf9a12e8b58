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
	elsewhere, ours := c.startedElsewhere(o.Servers)
	if ours {
		return
	}
	managed, err := c.Cluster.Managed(ctx, c.Node)
	c.warn(err, "the resource is taken for managed: active servers that it has not started are made read-only")
	if err != nil || managed {
		return
	}
	o.Unmanaged = true
	if held, err := c.terms(ctx); err == nil && held.Term() > 0 {
		return
	}
	for _, i := range elsewhere {
		o.Servers[i].Elsewhere = true
	}
}

// startedElsewhere returns which of the servers another program has started, and reports whether all are
// the resource's: neither that, nor another manager's.
func (c *Controller) startedElsewhere(states []replication.ServerState) (elsewhere []int, ours bool) {
	ours = true
	for i, u := range c.Units {
		if u.startedElsewhere(states[i]) {
			elsewhere = append(elsewhere, i)
		}
		ours = ours && states[i].Foreign == ""
	}
	return elsewhere, ours && len(elsewhere) == 0
}
