package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// requestReinit requests a copy in the term that the cluster is in.
func requestReinit(t *testing.T, node *control.Controller) {
	t.Helper()
	record, err := node.Record(testContext(t))
	must(t, err)
	must(t, node.RequestReinit(testContext(t), *record))
}

// copyPending has a node follow as its supervisor does, also if its copies would have to wait their turn.
func copyPending(t *testing.T, node *control.Controller) error {
	t.Helper()
	leader, ok, err := node.FollowPending(testContext(t), true)
	if err == nil && (!ok || leader.Node == "") {
		t.Fatalf("nothing was followed: %v, %+v", ok, leader)
	}
	return err
}

// From a backup that holds all rows of its active: they are in a snapshot, and copied again.
func TestReinitOfAFreshBackupKeepsASnapshotAndCopiesAgain(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	requestReinit(t, three.nodes[1])
	if pending := three.nodes[1].ReinitPending(); len(pending) != 2 {
		t.Errorf("pending are %q", pending)
	}
	must(t, copyPending(t, three.nodes[1]))
	wantRows(t, three.nodes[1], "a")
	wantHealth(t, three.nodes[1], replication.HealthBackup)
	if kept := snapshots(t, three.nodes[1]); !slices.Equal(kept[replication.SnapshotReinit], []string{"a"}) {
		t.Errorf("snapshots have %q", kept)
	}
	if pending := three.nodes[1].ReinitPending(); len(pending) != 0 {
		t.Errorf("still pending are %q", pending)
	}
}

// newForeignPair returns a node that leads, and a backup of it with a row of a cluster of its own.
func newForeignPair(t *testing.T) (active, backup *control.Controller) {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	active = controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	backup = controltest.NewNode(t, controltest.NewCluster(), "node2", "127.0.0.2", ports)
	lead := func(node *control.Controller, row string) {
		must(t, node.Start(testContext(t)))
		must(t, node.Promote(testContext(t), replication.Participants{}))
		insert(t, node, row)
	}
	lead(backup, "foreign")
	must(t, backup.Demote(testContext(t)))
	lead(active, "a")
	backup.Cluster = controltest.NewNode(t, c, "node2", "127.0.0.2", ports).Cluster
	return active, backup
}

// From a backup whose data is of another origin, which never follows by itself: by request it does, and
// its rows are in a snapshot.
func TestReinitCopiesOverDataOfAnotherOriginAfterASnapshot(t *testing.T) {
	t.Parallel()
	_, backup := newForeignPair(t)
	err := backup.Follow(testContext(t), "node1")
	if refused := new(control.RefusedSourceError); !errors.As(err, &refused) || !strings.Contains(err.Error(), "ovndb-servers reinit") {
		t.Fatalf("before: %v", err)
	}
	requestReinit(t, backup)
	must(t, copyPending(t, backup))
	wantRows(t, backup, "a")
	if kept := snapshots(t, backup)[replication.SnapshotReinit]; !slices.Equal(kept, []string{"foreign"}) {
		t.Errorf("kept are %q", kept)
	}
}

// From a request in a term that is over, as another node has been promoted since: foreign data stays.
func TestReinitCountsInTheTermOfItsRequestAlone(t *testing.T) {
	t.Parallel()
	active, backup := newForeignPair(t)
	requestReinit(t, backup)
	must(t, active.Demote(testContext(t)))
	must(t, active.Promote(testContext(t), replication.Participants{}))
	err := copyPending(t, backup)
	if refused := new(control.RefusedSourceError); !errors.As(err, &refused) || !strings.Contains(err.Error(), "another origin") {
		t.Errorf("got %v", err)
	}
	if got := rows(t, backup); !slices.Equal(got, []string{"foreign"}) {
		t.Errorf("node2 holds %q", got)
	}
	must(t, backup.WithdrawReinit())
	if pending := backup.ReinitPending(); len(pending) != 0 {
		t.Errorf("after it was taken back: %q", pending)
	}
}

// From a node that leads: nothing is requested.
func TestReinitIsRefusedOnTheNodeThatLeads(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	if err := three.nodes[0].RequestReinit(testContext(t), *record); !errors.Is(err, control.ErrLeads) {
		t.Errorf("got %v", err)
	}
	if pending := three.nodes[0].ReinitPending(); len(pending) != 0 {
		t.Errorf("pending are %q", pending)
	}
}
