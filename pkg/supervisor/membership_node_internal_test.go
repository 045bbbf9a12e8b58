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
	c := controltest.NewCluster()
	ports := controltest.FreePorts(t)
	node := controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	node2, node3 := controltest.NewNode(t, c, "node2", "127.0.0.2", ports), controltest.NewNode(t, c, "node3", "127.0.0.3", ports)
	for _, err := range []error{
		node.Start(t.Context()),
		node.Promote(t.Context(), replication.Participants{Nodes: []string{"node1"}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	own, err := node.OwnTerm()
	if err != nil {
		t.Fatal(err)
	}
	fresh := map[string]replication.Freshness{"node2": replication.FreshnessFresh, "node3": replication.FreshnessFresh}
	if err := node.UpdateMembers(t.Context(), *own, fresh); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Minute)
	keeper := memberKeeper{controller: node, log: node.Log, answering: new(atomic.Bool), members: members{
		term: own.Record.TermID, comparableSince: long, staleSince: map[string]time.Time{"node2": long}, seen: map[string]bool{},
	}}
	keeper.answering.Store(true)
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
