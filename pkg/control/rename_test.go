package control_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// stop ends the resource on all nodes, the promoted one first, as "target-role=Stopped" does.
func (three trio) stop(t *testing.T) {
	t.Helper()
	must(t, three.nodes[0].Demote(testContext(t)))
	for _, n := range three.nodes {
		must(t, n.Stop(testContext(t)))
	}
}

// renamed returns the same nodes and databases under another name of the resource: without record,
// attributes and state.
func (three trio) renamed(t *testing.T) trio {
	t.Helper()
	c := controltest.NewCluster()
	next := trio{Cluster: c}
	for i, old := range three.nodes {
		n := controltest.NewNode(t, c, old.Node, old.Listening.NodeAddress.String(), [2]uint16{old.Units[0].Endpoint.Port, old.Units[1].Endpoint.Port})
		n.Instance, n.Layout, n.Units = "renamed", old.Layout, control.Units(old.Layout, old.Units[0].Endpoint, old.Units[1].Endpoint)
		next.nodes[i] = n
		must(t, n.Start(testContext(t)))
	}
	return next
}

// From a resource that is stopped, deleted and created under another name, and a node that was away when the
// last rows were written: the term in the databases decides, as there is no record of the new name.
func TestRenamedResourceIsLedByTheFreshestDataOfTheOldName(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	must(t, three.nodes[2].Stop(testContext(t)))
	insert(t, three.nodes[0], "last")
	wantRows(t, three.nodes[1], "before", "last")
	three.stop(t)
	next := three.renamed(t)
	err := next.hold(t, 2)
	if err == nil {
		err = next.nodes[2].Promote(testContext(t), next.electorate())
	}
	if err == nil || !strings.Contains(err.Error(), "node node1 holds more") {
		t.Fatalf("the node that was away leads: %v", err)
	}
	next.promote(t, 0)
	for _, n := range next.nodes {
		wantRows(t, n, "before", "last")
	}
	record, err := next.nodes[0].Record(testContext(t))
	must(t, err)
	if record.Term != 2 {
		t.Errorf("the term is %d, want 2: that of the old name was 1", record.Term)
	}
	if _, err := os.Stat(filepath.Join(three.nodes[0].StateDir, nb+".followed")); err != nil {
		t.Errorf("the state of the old name: %v", err)
	}
}

// From a resource that is deleted and created again with its name: it goes on with its record and its state,
// and keeps no snapshot for that.
func TestRecreatedResourceGoesOnWithItsRecord(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	three.stop(t)
	for _, n := range three.nodes {
		must(t, n.Start(testContext(t)))
	}
	three.promote(t, 1)
	for _, n := range three.nodes {
		wantRows(t, n, "before")
		if kept, err := n.SnapshotDirectory().List(); err != nil || len(kept) != 0 {
			t.Errorf("node %s has snapshots %+v, %v", n.Node, kept, err)
		}
	}
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	if record.Term != 2 || record.Node != "node2" {
		t.Errorf("the record is %s", record.Describe())
	}
}

// From a resource that was deleted with its databases, and created again with its name: its record says that
// there is data to wait for, and no node may lead until an operator removes it.
func TestRecreatedResourceWithoutItsDataLeadsOnceItsRecordIsRemoved(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "gone")
	three.stop(t)
	for _, n := range three.nodes {
		must(t, os.RemoveAll(n.Layout.DatabaseDir))
		must(t, n.Start(testContext(t)))
	}
	for _, n := range three.nodes {
		v := wantHealth(t, n, replication.HealthBackupDegraded)
		if score := three.Score(n.Node); score != "" || !strings.Contains(v.Reason(), "term 1") {
			t.Errorf("node %s has score %q and says %q", n.Node, score, v.Reason())
		}
	}
	must(t, three.Fix(""))
	for _, n := range three.nodes {
		wantHealth(t, n, replication.HealthBackup)
		if three.Score(n.Node) == "" {
			t.Errorf("node %s has no score without the record", n.Node)
		}
	}
	three.promote(t, 0)
	wantRows(t, three.nodes[0])
}
