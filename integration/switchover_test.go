//go:build integration

package integration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// From a cluster in which all nodes are fresh, "switchover --to" moves the role to the node that it
// names, under a writer for each database: no acknowledged row is lost, and no constraint is left.
func TestSwitchoverMovesTheRoleUnderWriters(t *testing.T) {
	needServers(t)
	ctx, c := sharedCluster(t)
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	active, others := s.promoted()
	var writers []*ovsdb.Writer
	for _, db := range databases() {
		writers = append(writers, startWriter(ctx, t, c, db))
	}
	s.awaitTool(active, "a refusal without --yes", "add --yes", "switchover", "--to", others[0])
	began := time.Now()
	said := s.exec(active, "ovndb-servers", "switchover", "--to", others[0], "--yes")
	t.Log(said)
	for _, want := range []string{"node " + others[0] + " leads after", "no constraint is left", "OVN_Northbound: at most", "OVN_Southbound: at most"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	s.awaitCluster("the named node to lead, and the others to follow", cluster.All(s.Settled(), cluster.PromotedOn(others[0])))
	if left := s.exec(active, "cibadmin", "--query", "--scope", "constraints"); strings.Contains(left, "cli-") {
		t.Errorf("a constraint is left: %s", left)
	}
	for i, db := range databases() {
		gap, err := writers[i].AwaitRecovery(ctx, began)
		s.check(err)
		writers[i].Stop()
		t.Logf("%s: %d rows acknowledged, none for %s", db.Name, len(writers[i].Acks()), gap.Duration().Round(time.Millisecond))
		awaitRows(ctx, t, c, db, owed(writers[i], keepAll, began, gap))
	}
}

// While the resource is paused the role stays even on a node that is in standby; afterwards the node is
// as it was.
func TestPauseKeepsTheClusterFromActing(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	needServers(t)
	ctx, c := sharedCluster(t)
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	active, _ := s.promoted()
	t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			_, err := c.MustExec(ctx, active, "ovndb-servers", "resume", "--yes")
			return err
		})
	})
	s.exec(active, "ovndb-servers", "pause", "--yes")
	s.check(c.Standby(ctx, active))
	s.check(c.AwaitIdle(ctx))
	if now, _ := s.promoted(); now != active {
		t.Errorf("%s leads, and %s did when it was paused", now, active)
	}
	s.check(c.Unstandby(ctx, active))
	s.exec(active, "ovndb-servers", "resume", "--yes")
	s.awaitCluster("all nodes to be in use", cluster.All(s.Settled(), cluster.PromotedOn(active)))
}
