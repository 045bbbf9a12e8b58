package control_test

import (
	"os"
	"slices"
	"testing"

	"ovndb-servers/pkg/control"
)

// The tests of this file put another file in the place of one that a server writes to.

func replaceFile(t *testing.T, u control.Unit, content []byte) {
	t.Helper()
	must(t, os.WriteFile(u.Files.Database+".new", content, 0o600))
	must(t, os.Rename(u.Files.Database+".new", u.Files.Database))
}

// The file that takes the place of that of a backup which was behind is a copy of a later one, which the server has
// not read: the node holds less than another one.
func TestAFileThatItsServerHasNotReadLetsNoNodeLead(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	stale, fresh := three.nodes[1], three.nodes[2]
	for _, u := range stale.Units {
		parkUnit(t, u)
	}
	insert(t, three.nodes[0], "a")
	beat(t, three.nodes[0])
	wantRows(t, fresh, "a")
	must(t, three.nodes[0].Stop(testContext(t)))
	for i, u := range stale.Units {
		later, err := os.ReadFile(fresh.Units[i].Files.Database)
		must(t, err)
		replaceFile(t, u, later)
	}
	held := make(chan error, 1)
	go func() { held <- stale.HoldElection(testContext(t), three.electorate(0)) }()
	eventually(t, "the election, which is called when the file has been written", func() bool {
		must(t, fresh.AnswerOpenRounds(testContext(t)))
		return len(held) > 0
	})
	wantChoice(t, <-held, "node3", "holds more")
	three.promote(t, 2, 0)
	wantRows(t, stale, "a")
	if kept := snapshots(t, stale)["replaced"]; !slices.Equal(kept, []string{"a"}) {
		t.Errorf("kept are %q", kept)
	}
}

// The file that takes the place of that of the active is an earlier copy, under another inode or the same. The node
// is superseded, and follows.
func TestRowsOfAServerWhoseFileWasReplacedAreKept(t *testing.T) {
	t.Parallel()
	overwriteFile := func(t *testing.T, u control.Unit, content []byte) {
		t.Helper()
		must(t, os.WriteFile(u.Files.Database, content, 0o600))
	}
	for name, replace := range map[string]func(*testing.T, control.Unit, []byte){"replaced": replaceFile, "overwritten": overwriteFile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			three, earlier := newTrioWithAnEarlierFile(t)
			led := three.nodes[0]
			for _, n := range three.nodes[1:] {
				parkUnit(t, n.Units[0])
			}
			replace(t, led.Units[0], earlier)
			insert(t, led, "only-here")
			three.cutOff(0)
			three.promote(t, 1, 0)
			led.Monitor(testContext(t), true)
			must(t, led.Follow(testContext(t), "node2"))
			if !inSnapshot(t, led, "ahead", "only-here") {
				t.Error("the row is in no snapshot")
			}
		})
	}
}

// The file of the freshest node was removed: it leads nevertheless, and its rows outlive its server.
func TestANodeWhoseFileWasRemovedLeads(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	next := three.nodes[1]
	insert(t, three.nodes[0], "a")
	wantRows(t, next, "a")
	must(t, three.nodes[0].Stop(testContext(t)))
	must(t, three.nodes[2].Stop(testContext(t)))
	for _, u := range next.Units {
		must(t, os.Remove(u.Files.Database))
	}
	three.promote(t, 1, 0, 2)
	must(t, next.Stop(testContext(t)))
	must(t, next.Start(testContext(t)))
	three.promote(t, 1, 0, 2)
	wantRows(t, next, "a")
}

// The active whose file was replaced is demoted as planned: its server has all, and so does the record of the end.
func TestTheEndOfATermIsRecordedThoughTheFileWasReplaced(t *testing.T) {
	t.Parallel()
	three, earlier := newTrioWithAnEarlierFile(t)
	led := three.nodes[0]
	replaceFile(t, led.Units[0], earlier)
	insert(t, led, "b")
	must(t, led.Demote(testContext(t)))
	if end := three.end(t); len(end) == 0 {
		t.Error("no end is recorded")
	}
	must(t, led.Stop(testContext(t)))
	must(t, led.Start(testContext(t)))
	wantRows(t, led, "a", "b")
}
