//go:build integration

package integration_test

import (
	"context"
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
)

// What takes the promoted node away moves the role and the virtual IP to another
// one; when it is back, there is one promoted instance again.
func TestPromotedNodeLost(t *testing.T) {
	faults := []struct {
		name         string
		lose, regain func(*cluster.Cluster, context.Context, string) error
	}{
		{"frozen", (*cluster.Cluster).Freeze, (*cluster.Cluster).Thaw},
		{"without power", (*cluster.Cluster).PowerOff, (*cluster.Cluster).PowerOn},
		{"partitioned", func(c *cluster.Cluster, ctx context.Context, node string) error {
			return c.Partition(ctx, node)
		}, (*cluster.Cluster).Heal},
		{"in standby", (*cluster.Cluster).Standby, (*cluster.Cluster).Unstandby},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			ctx, c := sharedCluster(t)
			view, err := c.View(ctx)
			if err != nil {
				t.Fatal(err)
			}
			lost := view.Promoted()
			if err := fault.lose(c, ctx, lost); err != nil {
				t.Fatal(err)
			}
			rest := slices.DeleteFunc(c.NodeNames(), func(name string) bool { return name == lost })
			if err := c.Await(ctx, "the role to move", c.SettledOn(rest...)); err != nil {
				t.Fatal(err)
			}
			if err := fault.regain(c, ctx, lost); err != nil {
				t.Fatal(err)
			}
			if err := c.Await(ctx, "the node to come back", c.Settled()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
