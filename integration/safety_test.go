//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The tests named TestSafety prove that no acknowledged row is lost where it can be
// kept: writers record each row that was acknowledged, and all are read back on
// every node. `make test` runs them with -short, which leaves out the long variants; with RUN that is not given:
// `make integration RUN=Safety COUNT=5` runs all of them, five times.

// skipIfShort skips a test that only a run without -short has time for.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a long variant: run it with LONG=1, or by name with RUN")
	}
}

// shortOnlyOn skips a test that a run with -short has time for on one release only: it is of a rule
// of the agent's own, not of a difference between releases. A release other than the two that `make test`
// runs on has the tests that it is asked for.
func shortOnlyOn(t *testing.T, release cluster.Suite) {
	t.Helper()
	shared := slices.Contains([]cluster.Suite{cluster.Bookworm, cluster.Trixie}, suite.config.Suite)
	if testing.Short() && shared && suite.config.Suite != release {
		t.Skipf("with -short on %s alone: run it with LONG=1, or by name with RUN", release)
	}
}

// trial is a cluster under writers whose rows must not be lost.
type trial struct {
	hand

	writers []*ovsdb.Writer
	// losses are the nodes that were taken away without warning.
	losses []lostNode
}

// lostNode is when a node was taken away.
type lostNode struct {
	node string
	at   time.Time
}

// newTrial returns the shared cluster with a writer to each database. All nodes are members: one that came
// back a moment ago in the trial before may be none yet, and no election would wait for it.
func newTrial(t *testing.T) *trial {
	t.Helper()
	needServers(t)
	ctx, c := sharedCluster(t)
	s := trialOf(ctx, t, c)
	s.awaitMembers()
	return s
}

// trialOf starts a writer to each database of a cluster, and waits until its rows
// are on every node.
func trialOf(ctx context.Context, t *testing.T, c *cluster.Cluster) *trial {
	t.Helper()
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	for _, db := range databases() {
		s.clear(db)
		s.tidy(db)
		s.addWriter(db)
		awaitRows(ctx, t, c, db, []string{s.writers[len(s.writers)-1].Acks()[0].Name})
	}
	return s
}

// clear deletes the rows of earlier trials, which would slow this one down.
func (s *trial) clear(db ovsdb.Database) {
	s.t.Helper()
	active, _ := s.promoted()
	text, err := json.Marshal(db.Transaction(ovsdb.Operation{"op": "delete", "table": db.Table, "where": []any{}}))
	s.check(err)
	s.exec(active, "ovsdb-client", "--timeout=20", "transact", "unix:"+db.Socket, string(text))
}

// tidy makes the servers forget the history of their databases, and removes the
// snapshots, which would take longer to read with each trial.
func (s *trial) tidy(db ovsdb.Database) {
	s.t.Helper()
	for _, node := range s.NodeNames() {
		s.control(node, db, "ovsdb-server/compact", db.Name)
		s.exec(node, "rm", "-rf", cluster.SnapshotDir)
	}
}

// addWriter starts one more writer.
func (s *trial) addWriter(db ovsdb.Database) {
	s.t.Helper()
	s.writers = append(s.writers, startWriter(s.ctx, s.t, s.Cluster, db))
}

// addWriterAt adds a writer that does not come through the virtual IP, and waits for its first row.
func (s *trial) addWriterAt(host string, db ovsdb.Database, prefix string) {
	s.t.Helper()
	writer := ovsdb.StartWriter(s.ctx, net.JoinHostPort(host, db.Port), db, prefix)
	s.t.Cleanup(writer.Stop)
	s.writers = append(s.writers, writer)
	s.wantAck(writer, time.Time{})
}

// promoted returns the promoted node and the others.
func (s *trial) promoted() (active string, others []string) {
	s.t.Helper()
	view, err := s.View(s.ctx)
	s.check(err)
	active = view.Promoted()
	return active, s.without(active)
}

// without returns all nodes but those.
func (h hand) without(nodes ...string) []string {
	return slices.DeleteFunc(h.NodeNames(), func(name string) bool { return slices.Contains(nodes, name) })
}

// awaitMore awaits that each writer has that many more rows acknowledged than now.
func (s *trial) awaitMore(rows int) {
	s.t.Helper()
	for _, writer := range s.writers {
		want := len(writer.Acks()) + rows
		s.await(fmt.Sprintf("%d more rows", rows), func(context.Context) error {
			if got := len(writer.Acks()); got < want {
				return fmt.Errorf("%d rows acknowledged, waiting for %d", got, want)
			}
			return nil
		})
	}
}

// awaitCluster awaits a condition of Pacemaker's view.
func (s *trial) awaitCluster(what string, condition cluster.Condition) {
	s.t.Helper()
	s.check(s.Await(s.ctx, what, condition))
}

// awaitAllBack awaits a cluster that has settled with all nodes, by what each of them sees.
func (s *trial) awaitAllBack() {
	s.t.Helper()
	s.check(s.AwaitWhole(s.ctx))
	s.awaitCluster("all nodes to come back", s.Settled())
}

// step runs a subtest that goes on with the trial. It reports whether it passed.
func (s *trial) step(name string, do func(*trial)) bool {
	return s.t.Run(name, func(t *testing.T) {
		collectIfFailed(t, s.Cluster)
		next := *s
		next.t = t
		do(&next)
	})
}

// end awaits a cluster that has settled with its writers at work, stops them, and
// checks that each row that was acknowledged is on every node, and that all nodes
// have the same rows.
func (s *trial) end() {
	s.t.Helper()
	s.awaitCluster("the cluster to settle", s.Settled())
	s.awaitMore(5)
	for _, writer := range s.writers {
		writer.Stop()
	}
	s.wantRows(s.NodeNames()...)
	if !s.t.Failed() {
		for _, db := range databases() {
			awaitSameRows(s.ctx, s.t, s.Cluster, db)
		}
	}
}

// wantRows checks that nodes have all rows that were acknowledged by now.
func (s *trial) wantRows(nodes ...string) {
	s.t.Helper()
	for _, writer := range s.writers {
		s.wantRowsOf(writer, nodes)
	}
}

// wantRowsOf checks that nodes have a writer's rows, and counts those they lack.
func (s *trial) wantRowsOf(writer *ovsdb.Writer, nodes []string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, rowsTimeout)
	defer cancel()
	acks := writer.AckedNames()
	lost := map[string][]string{}
	err := s.AwaitThat(ctx, "the acknowledged rows", func(ctx context.Context) error {
		for _, node := range nodes {
			present, err := s.NamesOn(ctx, node, writer.Database())
			if err != nil {
				return err
			}
			if lost[node] = ovsdb.Missing(acks, present); len(lost[node]) > 0 && !s.diedWith(ctx, writer, lost[node]) {
				return fmt.Errorf("%s lacks %d rows", node, len(lost[node]))
			}
			lost[node] = nil
		}
		return nil
	})
	count := 0
	for node, names := range lost {
		if len(names) > 0 {
			s.t.Errorf("%s: %s has lost %d rows, from %s to %s", writer.Database().Name, node, len(names), names[0], names[len(names)-1])
		}
		count = max(count, len(names))
	}
	if err != nil {
		s.t.Error(err)
	}
	s.t.Logf("%s: %d rows acknowledged, %d lost; the longest pause was %s",
		writer.Database().Name, len(acks), count, writer.LongestGap().Duration().Round(10*time.Millisecond))
}

// diedWith reports whether only rows are missing that no replication without a quorum can keep: the last
// that a node acknowledged before it was taken away, and that it had not yet sent to a backup. Each has to
// be in a snapshot of that node.
func (s *trial) diedWith(ctx context.Context, writer *ovsdb.Writer, missing []string) bool {
	for _, name := range missing {
		if !slices.ContainsFunc(s.losses, func(lost lostNode) bool { return s.tookAlong(ctx, lost, writer, name) }) {
			return false
		}
	}
	return true
}

// tookAlong reports whether a row was the last that a lost node acknowledged, and is in a snapshot there.
func (s *trial) tookAlong(ctx context.Context, lost lostNode, writer *ovsdb.Writer, name string) bool {
	gap, found := writer.Recovery(lost.at)
	if !found || name != gap.Before.Name {
		return false
	}
	kept, err := s.Kept(ctx, lost.node, writer.Database())
	if err != nil || !slices.Contains(kept, name) {
		return false
	}
	s.t.Logf("%s: %s was lost before it had sent %s, the last row that it acknowledged; a snapshot there has it", writer.Database().Name, lost.node, name)
	return true
}

// isLost takes note that a node is about to be taken away without warning.
func (s *trial) isLost(node string) { s.losses = append(s.losses, lostNode{node, time.Now()}) }

// freeze takes a node away without warning.
func (s *trial) freeze(node string) {
	s.t.Helper()
	s.isLost(node)
	s.check(s.Freeze(s.ctx, node))
}

// extra are rows that one node alone has accepted.
type extra struct {
	db    ovsdb.Database
	names []string
}

// writeUntilRefused writes to a node's own servers until they take no more, and returns
// the rows that they took.
func (s *trial) writeUntilRefused(node string) []extra {
	s.t.Helper()
	began := time.Now()
	took := make([]extra, len(databases()))
	var group sync.WaitGroup
	for i, db := range databases() {
		took[i].db = db
		group.Go(func() {
			for n := 0; s.ctx.Err() == nil; n++ {
				name := fmt.Sprintf("only-on-%s-%x-%d", node, began.UnixNano(), n)
				if s.InsertOn(s.ctx, node, db, name) != nil {
					return // refused, or the server is gone
				}
				took[i].names = append(took[i].names, name)
			}
		})
	}
	group.Wait()
	for _, e := range took {
		s.t.Logf("%s: %s alone took %d rows within %s", e.db.Name, node, len(e.names), time.Since(began).Round(10*time.Millisecond))
	}
	return took
}

// wantKept awaits that rows which one node alone had are in its snapshots.
func (s *trial) wantKept(node string, took []extra) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, rowsTimeout)
	defer cancel()
	for _, e := range took {
		err := s.AwaitThat(ctx, "a snapshot on "+node, func(ctx context.Context) error {
			kept, err := s.Kept(ctx, node, e.db)
			if err != nil {
				return err
			}
			missing := ovsdb.Missing(e.names, kept)
			if len(missing) > 0 {
				return fmt.Errorf("%s: %d of %d rows are in no snapshot, the first is %s", e.db.Name, len(missing), len(e.names), missing[0])
			}
			return nil
		})
		if err != nil {
			s.t.Error(err)
		}
	}
}

// setMeta sets a meta-attribute of the clone until the test ends.
func (s *trial) setMeta(name, value string) {
	s.t.Helper()
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error { return s.SetMeta(ctx, cluster.Clone, name, "") })
	})
	s.check(s.SetMeta(s.ctx, cluster.Clone, name, value))
}

// orders returns the orders of virtual IP and promotion to test.
func orders() []cluster.Order {
	if testing.Short() {
		return []cluster.Order{cluster.PromoteThenVIP}
	}
	return []cluster.Order{cluster.PromoteThenVIP, cluster.VIPThenPromote}
}

// setOrder changes the order of virtual IP and promotion until the test ends.
func (s *trial) setOrder(order cluster.Order) {
	s.t.Helper()
	if order == s.Config().Order {
		return
	}
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error { return s.SetOrder(ctx, order, s.Config().Order) })
	})
	s.check(s.SetOrder(s.ctx, s.Config().Order, order))
	s.check(s.AwaitIdle(s.ctx))
}
