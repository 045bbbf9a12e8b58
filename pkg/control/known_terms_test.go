package control_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
)

// A backup goes on with its session when the node that it follows is promoted again, and has no supervisor. Then that
// node is lost, the record goes back, and a node returns that has missed the term.
func TestBackupThatStaysWithItsSourceKnowsItsNextTerm(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led, backup, away := three.nodes[0], three.nodes[1], three.nodes[2]
	earlier, err := led.Record(testContext(t))
	must(t, err)
	must(t, away.Stop(testContext(t)))
	must(t, led.Demote(testContext(t)))
	must(t, led.Promote(testContext(t), three.electorate(2)))
	must(t, backup.Follow(testContext(t), "node1"))
	insert(t, led, "a")
	wantRows(t, backup, "a")
	for i, u := range backup.Units {
		eventually(t, "node2 to hold all", func() bool { return cmp.Equal(marker(t, u), marker(t, led.Units[i])) })
	}
	for _, u := range led.Units {
		controltest.Kill(t, u)
	}
	must(t, three.Fix(earlier.String()))
	must(t, away.Start(testContext(t)))
	wantChoice(t, three.hold(t, 2, 0), "node2", "start of term 2")
}

// room for all of its state.
func TestNodeThatCouldNotKeepWhichTermItBeganLeadsLater(t *testing.T) {
	t.Parallel()
	three := newTrioAheadOfItsBackups(t)
	led := three.nodes[0]
	must(t, led.Demote(testContext(t)))
	note := filepath.Join(led.StateDir, "latest-term")
	kept, err := os.ReadFile(note)
	must(t, err)
	must(t, os.Remove(note))
	must(t, os.Mkdir(note, 0o700))
	three.RefuseRecord(true)
	if err := led.Promote(shortContext(t), three.electorate()); err == nil {
		t.Fatal("a term was recorded")
	}
	three.RefuseRecord(false)
	must(t, os.Remove(note))
	must(t, os.WriteFile(note, kept, 0o600))
	defer three.answerLate(t)()
	three.promote(t, 0)
}

// The record was deleted. The only node that runs has lost its databases, and knows that there was a term: the others
// may have them. Once all nodes say that they are empty, one leads.
func TestEmptyNodeThatKnowsOfATermLeadsOnlyWhereAllAreEmpty(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	three.stop(t)
	must(t, three.Fix(""))
	startEmpty := func(node *control.Controller) {
		for _, u := range node.Units {
			removeFile(t, u.Files.Database)
		}
		must(t, node.Start(testContext(t)))
	}
	startEmpty(three.nodes[2])
	wantChoice(t, three.hold(t, 2, 0, 1), "", "start node node1, node2")
	startEmpty(three.nodes[0])
	startEmpty(three.nodes[1])
	three.promote(t, 2)
}
