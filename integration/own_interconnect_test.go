//go:build integration

package integration_test

import (
	"context"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The databases of OVN's interconnection under Pacemaker: rows written through the virtual address are
// on all nodes, also those from before and after the role moved.
func TestInterconnectDatabasesThroughAFailover(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.Parameters = map[string]string{"databases": "ovn-ic"}
	})
	h := hand{Cluster: c, t: t, ctx: ctx}
	databases := []ovsdb.Database{ovsdb.InterconnectNorthbound(), ovsdb.InterconnectSouthbound()}
	view, err := c.View(ctx)
	h.check(err)
	first := view.Promoted()
	for _, db := range databases {
		h.check(c.Insert(ctx, db, "before"))
		awaitRows(ctx, t, c, db, []string{"before"})
	}
	h.check(c.Standby(ctx, first))
	h.check(c.Await(ctx, "another node to lead", cluster.PromotedElsewhere(first)))
	h.check(c.Unstandby(ctx, first))
	h.check(c.Await(ctx, "the cluster to settle", c.Settled()))
	for _, db := range databases {
		h.await("a row through the virtual address", func(ctx context.Context) error { return c.Insert(ctx, db, "after") })
		awaitRows(ctx, t, c, db, []string{"before", "after"})
	}
	h.await("status to be healthy", func(ctx context.Context) error {
		_, err := c.MustExec(ctx, first, "ovndb-servers", "status", "--databases", "ovn-ic")
		return err
	})
}
