//go:build integration

package integration_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// loss takes the promoted node away, and gives it back.
type loss struct {
	name         string
	lose, regain func(*cluster.Cluster, context.Context, string) error
	// keep says which acknowledged rows have to be there in the end.
	keep keep
	// shortOnlyOn is the release that a run with -short has time for this loss on; none means both.
	shortOnlyOn cluster.Suite
}

// losses returns the ways in which a node is lost.
func losses() []loss {
	return []loss{
		{"frozen", (*cluster.Cluster).Freeze, (*cluster.Cluster).Thaw, keepReplicated, cluster.Bookworm},
		{"without power", (*cluster.Cluster).PowerOff, (*cluster.Cluster).PowerOn, keepReplicated, ""},
		{"partitioned", func(c *cluster.Cluster, ctx context.Context, node string) error {
			return c.Partition(ctx, node)
		}, (*cluster.Cluster).Heal, keepOutside, cluster.Trixie},
		{"in standby", (*cluster.Cluster).Standby, (*cluster.Cluster).Unstandby, keepAll, ""},
	}
}

// When the promoted node is lost, the role and the virtual IP move to another one, and the
// writer goes on; when the node is back, there is one promoted instance again, and the
// rows are on every node.
func TestPromotedNodeLost(t *testing.T) {
	for _, loss := range losses() {
		t.Run(loss.name, func(t *testing.T) {
			if loss.shortOnlyOn != "" {
				shortOnlyOn(t, loss.shortOnlyOn)
			}
			ctx, c := sharedCluster(t)
			view, err := c.View(ctx)
			if err != nil {
				t.Fatal(err)
			}
			goesOn, check := checkRows(ctx, t, c, loss.keep)
			lost := view.Promoted()
			if err := loss.lose(c, ctx, lost); err != nil {
				t.Fatal(err)
			}
			rest := slices.DeleteFunc(c.NodeNames(), func(name string) bool { return name == lost })
			if err := c.Await(ctx, "the role to move", c.SettledOn(rest...)); err != nil {
				t.Fatal(err)
			}
			// A node that comes back before the virtual IP has been taken over may still
			// take writes that are meant for another: only fencing prevents that.
			goesOn()
			if err := loss.regain(c, ctx, lost); err != nil {
				t.Fatal(err)
			}
			awaitRest(ctx, t, c)
			check()
		})
	}
}

// checkRows starts to write. It returns a wait for the writer to go on after the fault,
// and a check that the rows that must be kept are on every node in the end.
func checkRows(ctx context.Context, t *testing.T, c *cluster.Cluster, kept keep) (goesOn, check func()) {
	t.Helper()
	if suite.config.Agent != cluster.OVNAgent {
		return func() {}, func() {}
	}
	db := ovsdb.Northbound()
	writer := startWriter(ctx, t, c, db)
	began := time.Now()
	var gap ovsdb.Gap
	goesOn = func() {
		t.Helper()
		var err error
		if gap, err = writer.AwaitRecovery(ctx, began); err != nil {
			t.Fatal(err)
		}
	}
	check = func() {
		t.Helper()
		if _, err := writer.AwaitAck(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		writer.Stop()
		t.Logf("%d rows acknowledged, none for %s", len(writer.Acks()), gap.Duration().Round(time.Millisecond))
		awaitRows(ctx, t, c, db, owed(writer, kept, began, gap))
	}
	return goesOn, check
}
