package control_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

func TestBackupOfAnotherAgentStaysAsItIsWhileThatLeads(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	before := controltest.PIDs(t, s.backup)
	for range 2 {
		wantHealth(t, s.backup, replication.HealthBackup)
	}
	if after := controltest.PIDs(t, s.backup); after != before || !strings.Contains(status(t, s.backup.Units[0]).Source, "127.0.0.9") {
		t.Errorf("the servers were %v and are %v, the source is %s", before, after, status(t, s.backup.Units[0]).Source)
	}
	if slices.Contains(parents(t, s.backup), "monitor") {
		t.Error("a process of --monitor still restarts a server")
	}
	insert(t, s.active, "c")
	wantRows(t, s.backup, "a", "b", "c")
}

func TestBackupIsPromotedThoughOtherNodesRunAnotherAgentAndNoTermEverBegan(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	wantHealth(t, s.backup, replication.HealthBackup)
	for _, u := range s.active.Units {
		stopUnit(t, u)
	}
	must(t, s.backup.Promote(testContext(t), replication.Participants{Nodes: []string{"node2", "node3"}}))
	wantHealth(t, s.backup, replication.HealthActive)
	wantRows(t, s.backup, "a", "b")
}

func TestOtherAgentIsFollowedAfterASnapshot(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	must(t, s.backup.Start(testContext(t)))
	must(t, s.backup.Follow(within(t, 10*time.Second), "node1"))
	wantRows(t, s.backup, "a", "b")
	if kept := snapshots(t, s.backup)[replication.SnapshotAdopted]; !slices.Equal(kept, []string{"a", "b"}) {
		t.Errorf("kept are %q", kept)
	}
}

func TestOtherAgentThatWentOnAfterATermHadEndedIsFollowedAfterASnapshot(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.active.Monitor(testContext(t), true)
	eventually(t, "the backup to follow", func() bool {
		return s.backup.Monitor(testContext(t), false).Health == replication.HealthBackup
	})
	must(t, s.active.Demote(testContext(t)))
	// The first node runs the other agent again, which has promoted it.
	must(t, s.active.Stop(testContext(t)))
	for _, u := range s.active.Units {
		startAsOVN(t, u)
	}
	insert(t, s.active, "by the other agent")
	must(t, s.backup.Follow(within(t, 10*time.Second), "node1"))
	wantRows(t, s.backup, "a", "b", "by the other agent")
	if kept := snapshots(t, s.backup)[replication.SnapshotOtherAgent]; len(kept) < 2 || !slices.Equal(kept[:2], []string{"a", "b"}) {
		t.Errorf("kept are %q", kept)
	}
}

// From a backup with rows, and a server of another agent at the virtual address whose disk is new: it is
// no source.
func TestBlankServerOfAnotherAgentIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	must(t, s.backup.Start(testContext(t)))
	for _, u := range s.active.Units {
		stopUnit(t, u)
		must(t, os.Remove(u.Files.Database))
		startAsOVN(t, u)
		transactOn(t, u, fmt.Sprintf(`[%q,{"op":"insert","table":%q,"row":{}}]`, u.Name(), u.Server.Database.GlobalTable))
		setConnection(t, u, `{"target":"`+u.Endpoint.Listener(s.active.Listening.MasterIP)+`","inactivity_probe":5000}`)
	}
	err := s.backup.Follow(within(t, 8*time.Second), "node1")
	refused := new(control.RefusedSourceError)
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "it is blank") {
		t.Errorf("error is %v, want a refusal that names the blank source", err)
	}
	wantRows(t, s.backup, "a", "b")
}

// From a backup that follows the virtual address, and the promotion of a node of another agent, to which that
// address moves: the rows of the backup are in a snapshot before.
func TestBackupOfTheVirtualAddressKeepsASnapshotBeforeAnotherAgentPromotesANode(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	wantHealth(t, s.backup, replication.HealthBackup)
	err := s.backup.AnswerElection(within(t, 8*time.Second), "node3")
	if err == nil {
		t.Error("a node that calls no election was answered")
	}
	if kept := snapshots(t, s.backup)[replication.SnapshotOtherAgent]; !slices.Equal(kept, []string{"a", "b"}) {
		t.Errorf("kept are %q: %v", kept, err)
	}
}

// From the first promotion of all, which was killed before it was recorded, and another node that is promoted
// next, alone: the first one follows it.
func TestNodeWhoseFirstPromotionWasNeverRecordedFollowsAnotherOne(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	killed := *three.nodes[0]
	killed.Cluster = endsAtSwap{Cluster: killed.Cluster, over: new(atomic.Bool)}
	inGoroutine(func() { _ = killed.Promote(testContext(t), three.electorate(1, 2)) })
	three.nodes[0].Monitor(testContext(t), false)
	three.promote(t, 1, 0)
	insert(t, three.nodes[1], "a")
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	wantRows(t, three.nodes[0], "a")
}
