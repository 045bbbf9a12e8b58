package supervisor

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

func TestActiveWritesItsMembersIntoTheRecordWhenABackupIsBehindAndWhenItIsFreshAgain(t *testing.T) {
	t.Parallel()
	node, c := newLonelyActive(t)
	ports := [2]uint16{1, 1}
	node2, node3 := controltest.NewNode(t, c, "node2", "127.0.0.2", ports), controltest.NewNode(t, c, "node3", "127.0.0.3", ports)
	own, err := node.OwnTerm()
	if err != nil {
		t.Fatal(err)
	}
	fresh := map[string]replication.Freshness{"node2": replication.FreshnessFresh, "node3": replication.FreshnessFresh}
	if err := node.UpdateMembers(t.Context(), *own, fresh); err != nil {
		t.Fatal(err)
	}
	keeper := newKeeper(node, own.Record.TermID, "node2")
	for _, tt := range []struct {
		fresh   bool
		members []string
	}{
		{fresh: false, members: []string{"node1", "node3"}},
		{fresh: true, members: []string{"node1", "node2", "node3"}},
	} {
		for _, err := range []error{
			node2.PublishFreshness(t.Context(), own.Record.TermID, tt.fresh),
			node3.PublishFreshness(t.Context(), own.Record.TermID, true),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		// The first review changes the record, and the second one finds it settled if all are fresh.
		for _, want := range []bool{false, tt.fresh} {
			if settled, err := keeper.review(t.Context()); settled != want || err != nil {
				t.Errorf("node2 fresh %v: the members are settled: %v (%v), want %v", tt.fresh, settled, err, want)
			}
		}
		wantMembers(t, node, tt.members)
	}
}

// newLonelyActive returns a node that leads a term without backups, and its cluster.
func newLonelyActive(t *testing.T) (*control.Controller, *controltest.Cluster) {
	t.Helper()
	c := controltest.NewCluster()
	node := controltest.NewNode(t, c, "node1", "127.0.0.1", controltest.FreePorts(t))
	for _, err := range []error{
		node.Start(t.Context()),
		node.Promote(t.Context(), replication.Participants{Nodes: []string{"node1"}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return node, c
}

// newKeeper returns the keeper of the members of a term that began long ago, since when a backup has been behind.
func newKeeper(node *control.Controller, term, behind string) *memberKeeper {
	long := time.Now().Add(-time.Minute)
	keeper := &memberKeeper{controller: node, log: node.Log, answering: new(atomic.Bool), recorded: new(atomic.Pointer[replication.Record]), members: members{
		term: term, comparableSince: long, staleSince: map[string]time.Time{behind: long}, seen: map[string]bool{},
	}}
	keeper.answering.Store(true)
	return keeper
}

// wantMembers checks the members in a node's own term and in the record.
func wantMembers(t *testing.T, node *control.Controller, want []string) {
	t.Helper()
	own, err := node.OwnTerm()
	if err != nil || !slices.Equal(own.Record.Members, want) {
		t.Errorf("the members are %v (%v), want %v", own.Record.Members, err, want)
	}
	record, err := node.Record(t.Context())
	if err != nil || !slices.Equal(record.Members, want) {
		t.Errorf("the record has the members %v (%v), want %v", record.Members, err, want)
	}
}

// A CIB is loaded that was saved earlier in the term, when a backup was a member that has been behind or away since.
func TestMemberThatComesBackWithAnEarlierCIBIsRemovedAgain(t *testing.T) {
	t.Parallel()
	node, c := newLonelyActive(t)
	own, err := node.OwnTerm()
	if err != nil {
		t.Fatal(err)
	}
	keeper := newKeeper(node, own.Record.TermID, "node2")
	earlier := own.Record
	earlier.Members = []string{"node1", "node2"}
	if err := c.Fix(earlier.String()); err != nil {
		t.Fatal(err)
	}
	keeper.recorded.Store(&earlier)
	if _, err := keeper.review(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantMembers(t, node, []string{"node1"})
}
