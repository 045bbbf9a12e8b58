package control_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// A client makes the marker name a later term, which is written back. A backup that was stopped in that
// second has older data with it, and is the one that Pacemaker chooses, as a constraint prefers it.
func TestLaterTermThatAClientHasWrittenLetsNoOldDataLead(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	setKey(t, three.nodes[0], "ovndb-servers:term", "1000")
	eventually(t, "node3 to receive it", func() bool { return marker(t, three.nodes[2].Units[0]).Term == 1000 })
	must(t, three.nodes[2].Stop(testContext(t)))
	three.switchOverWithout(t, 0, 1, 2)
	insert(t, three.nodes[1], "b")
	wantRows(t, three.nodes[0], "a", "b")
	for _, u := range three.nodes[1].Units {
		controltest.Kill(t, u)
	}
	must(t, three.nodes[2].Start(testContext(t)))
	wantChoice(t, three.hold(t, 2, 1), "node1", "start of term 2")
	must(t, three.nodes[0].Promote(testContext(t), three.electorate(1)))
	must(t, three.nodes[2].Follow(testContext(t), "node1"))
	wantRows(t, three.nodes[0], "a", "b")
	wantRows(t, three.nodes[2], "a", "b")
}

// The active is lost before it has written the highest term that can be read back.
func TestHighestTermThatAClientCanWriteEndsNoPromotion(t *testing.T) {
	t.Parallel()
	next := newSuccessorOfTerm(t, "9223372036854775807")
	must(t, next.Promote(testContext(t), replication.Participants{Nodes: []string{"node2"}}))
	wantHealth(t, next, replication.HealthActive)
	wantRows(t, next, "kept", "last")
}

// A client makes the data seem to be of a promotion that was begun right after the recorded term, with a base
// beyond all that there is. A backup that was stopped in that second seems to hold what the demoted node wrote last.
func TestBegunTermThatAClientHasWrittenLetsNoOldDataLead(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led, old := three.nodes[0], three.nodes[2]
	insert(t, led, "a")
	wantRows(t, old, "a")
	for i, u := range led.Units {
		m := *marker(t, u)
		m.PrevTermID, m.TermID, m.Term = m.TermID, uuid.NewString(), m.Term+1
		m.Active, m.Base, m.Beat = old.Node, replication.Progress{Beat: 1 << 40}, replication.BeatBegun
		store, err := u.Server.Open(testContext(t))
		must(t, err)
		must(t, store.SetGlobal(testContext(t), m.ExternalIDs()))
		store.Close()
		eventually(t, "node3 to receive it", func() bool { return cmp.Equal(marker(t, old.Units[i]), &m) })
	}
	must(t, old.Stop(testContext(t)))
	insert(t, led, "b")
	wantRows(t, three.nodes[1], "a", "b")
	must(t, led.Demote(testContext(t))) // writes the marker back
	must(t, three.nodes[1].ReceiveLast(testContext(t), []string{"node1"}))
	must(t, old.Start(testContext(t)))
	if err := old.Promote(shortContext(t), three.electorate()); err == nil {
		t.Error("data that lacks what the demoted node wrote last leads")
	}
	must(t, three.nodes[1].Promote(testContext(t), three.electorate()))
	wantRows(t, three.nodes[1], "a", "b")
}
