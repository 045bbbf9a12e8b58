package control_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// newComparableTrio returns a trio whose backups have received a beat after they had copied all, as
// they do within seconds: else it is not known which of the rows that they copied came after it.
func newComparableTrio(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "before")
	beat(t, three.nodes[0])
	for _, n := range three.nodes[1:] {
		for i, u := range n.Units {
			eventually(t, "node "+n.Node+" to receive the beat", func() bool {
				return progress(t, n, u) == progress(t, three.nodes[0], three.nodes[0].Units[i])
			})
		}
	}
	return three
}

// progress is how far a database file of a node has come.
func progress(t *testing.T, c *control.Controller, u control.Unit) replication.Progress {
	t.Helper()
	held, err := c.ReadPosition(testContext(t), u)
	must(t, err)
	return held.Progress
}

// leaveRole kills the northbound server of the node that leads, and leaves the role to another.
func (three trio) leaveRole(t *testing.T) {
	t.Helper()
	led, u := three.nodes[0], three.nodes[0].Units[0]
	seen := led.Markers(testContext(t), led.Observe(testContext(t), led.LiveView()).Servers)[u.Name()]
	controltest.Kill(t, u)
	must(t, led.LeaveRole(testContext(t), u.Name(), seen))
	if score := three.Score(led.Node); score != "-INFINITY" {
		t.Errorf("the promotion score is %q, want one that no preference outweighs", score)
	}
}

// end returns where the data of the recorded term ended.
func (three trio) end(t *testing.T) replication.Positions {
	t.Helper()
	record, err := three.nodes[1].Record(testContext(t))
	must(t, err)
	return record.End
}

func TestAfterTheDeathOfAServerABackupThatHoldsItsFileLeadsAndNoNodeIsAsked(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	insert(t, three.nodes[0], "a", "last")
	wantRows(t, three.nodes[1], "a", "before", "last")
	three.leaveRole(t)
	must(t, three.nodes[0].Demote(testContext(t)))
	end := three.end(t)
	for _, u := range three.nodes[0].Units {
		held, err := three.nodes[0].ReadPosition(testContext(t), u)
		must(t, err)
		if end[u.Name()] != held {
			t.Errorf("the record says that %s ended at %v, and its file ends at %v", u.Name(), end[u.Name()], held)
		}
	}
	must(t, three.nodes[1].HoldElection(testContext(t), three.electorate()))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate()))
	if round := three.Said(control.TopicRound, "node2"); round != "" {
		t.Errorf("an election was called: %q", round)
	}
	must(t, three.nodes[0].Revive(testContext(t), nb, nil, always)) // it starts as a backup
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	insert(t, three.nodes[1], "new")
	wantRows(t, three.nodes[0], "a", "before", "last", "new")
}

// From a leader whose role Pacemaker has forgotten, as it does if a transition is aborted between a
// reload and the monitor after it: no election is called, which a backup could win that has a later beat
// than the leader has read, and the leader goes on in its term.
func TestALeaderThatIsToBePromotedAgainCallsNoElectionAndLeadsOn(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	before, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	last := three.Said(control.TopicRound, "node1")
	must(t, three.nodes[0].HoldElection(shortContext(t), three.electorate()))
	must(t, three.nodes[0].Promote(testContext(t), three.electorate()))
	if round := three.Said(control.TopicRound, "node1"); round != last {
		t.Errorf("an election was called: %q after %q", round, last)
	}
	if after, err := three.nodes[0].Record(testContext(t)); err != nil || after.TermID != before.TermID {
		t.Errorf("the record is %v (%v), and was %v", after, err, before)
	}
	insert(t, three.nodes[0], "on")
	wantRows(t, three.nodes[1], "before", "on")
}

// From a trio whose leader has ended its term as planned, and then from one whose leader is gone, ahead of its
// backups: each outcome is kept with the rule and the answer of each node, and a new one takes the place of the last.
func TestTheLastElectionIsKeptWithItsRuleAndTheAnswers(t *testing.T) {
	t.Parallel()
	three := newTrioAheadOfItsBackups(t)
	if last, err := three.nodes[1].LastElection(); last != nil || err != nil {
		t.Fatalf("%+v (%v) of a node that held none", last, err)
	}
	three.leaveRole(t)
	must(t, three.nodes[0].Demote(testContext(t)))
	defer three.answerLate(t)()
	wantChoice(t, three.hold(t, 1), "node1", "lacks what node node1 wrote last")
	last, err := three.nodes[1].LastElection()
	must(t, err)
	if last.Leads || last.Yielded != "node1" || last.Term != 1 || last.Rule == "" || len(last.Answers) != 3 {
		t.Fatalf("%+v", last)
	}
	if own := last.Answers[1]; own.Node != "node2" || !strings.Contains(own.Holds, "term 1 beat") {
		t.Errorf("%+v", own)
	}
	must(t, three.nodes[0].Revive(testContext(t), nb, nil, always))
	three.promote(t, 0)
	if last, err = three.nodes[0].LastElection(); err != nil || !last.Leads {
		t.Errorf("%+v (%v)", last, err)
	}
}

// newTrioAheadOfItsBackups returns a cluster whose first node leads, and whose backups lack the last
// of its rows, "a" and "last".
func newTrioAheadOfItsBackups(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	for _, n := range three.nodes[1:] {
		wantRows(t, n, "a")
		parkUnit(t, n.Units[0])
	}
	insert(t, three.nodes[0], "last")
	return three
}

func TestAfterTheDeathOfAServerABackupThatLacksItsLastRowsLeavesTheRoleToItsNodeAgain(t *testing.T) {
	t.Parallel()
	three := newTrioAheadOfItsBackups(t)
	three.leaveRole(t)
	must(t, three.nodes[0].Demote(testContext(t)))
	defer three.answerLate(t)()
	wantChoice(t, three.hold(t, 1), "node1", "lacks what node node1 wrote last")
	must(t, three.nodes[0].Revive(testContext(t), nb, nil, always))
	three.promote(t, 0)
	for _, n := range three.nodes {
		wantRows(t, n, "a", "last")
	}
}

// After a compaction the file does not say which rows came after the last beat.
func TestAfterTheDeathOfAServerThatHadCompactedItsFileABackupThatLacksItsLastRowsDoesNotLead(t *testing.T) {
	t.Parallel()
	three := newTrioAheadOfItsBackups(t)
	compact(t, three.nodes[0].Units[0])
	three.leaveRole(t)
	must(t, three.nodes[0].Demote(testContext(t)))
	defer three.answerLate(t)()
	wantChoice(t, three.hold(t, 1), "node1", "lacks what node node1 wrote last")
}

// The backups take the server for there. They have copied its rows in one piece with the last beat, so
// that they do not know whether they hold all.
func TestEndIsNotAwaitedForLongFromAServerWhoseNodeRefusesConnections(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	three.leaveRole(t)
	must(t, three.nodes[0].Demote(testContext(t)))
	// The part of it in which a session may come back is shorter than the wait for one.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := three.nodes[1].ReceiveLast(ctx, []string{"node1"}); !errors.Is(err, control.ErrNotFollowing) {
		t.Errorf("the wait for the end ends with %v, want %v", err, control.ErrNotFollowing)
	}
}

// A record that a server wrote in part when it died has been acknowledged to no client.
func TestAfterTheDeathOfAServerAPartOfARecordAtTheEndOfItsFileIsNotAwaited(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a", "before")
	three.leaveRole(t)
	file, err := os.OpenFile(three.nodes[0].Units[0].Files.Database, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteString("OVSDB JSON 4096 0123456789abcdef0123456789abcdef01234567\n{\"Logical_Switch\":")
	must(t, errors.Join(err, file.Close()))
	must(t, three.nodes[0].Demote(testContext(t)))
	must(t, three.nodes[1].HoldElection(testContext(t), three.electorate()))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate()))
	wantRows(t, three.nodes[1], "a", "before")
}

func TestAfterTheDeathOfAServerWhoseFileIsAnEarlierCopyNoEndIsRecorded(t *testing.T) {
	t.Parallel()
	three, earlier := newTrioWithAnEarlierFile(t)
	three.leaveRole(t)
	must(t, os.WriteFile(three.nodes[0].Units[0].Files.Database, earlier, 0o640))
	must(t, three.nodes[0].Demote(testContext(t)))
	if end := three.end(t); len(end) > 0 {
		t.Errorf("the record says that the data ended at %s", end)
	}
}

// The file of a server that was started again is not final.
func TestNothingIsSaidOfTheEndWhenAServerThatWasRestartedAfterAllDiesAgain(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led := three.nodes[0]
	three.leaveRole(t)
	must(t, led.Revive(testContext(t), nb, nil, always))
	controltest.Kill(t, led.Units[0])
	must(t, led.Demote(testContext(t)))
	if end := three.end(t); len(end) > 0 {
		t.Errorf("the record says that the data ended at %s", end)
	}
}

func TestRoleThatIsKeptAfterAllHasItsScoreBack(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led, before := three.nodes[0], three.Score("node1")
	three.leaveRole(t)
	must(t, led.KeepRole(testContext(t), nb))
	if score := three.Score("node1"); score != before {
		t.Errorf("the promotion score is %q, want %q", score, before)
	}
	must(t, led.Demote(testContext(t)))
	if end := three.end(t); len(end) > 0 {
		t.Errorf("the record says that the data ended at %s", end)
	}
	must(t, led.KeepRole(testContext(t), nb)) // too late
	if score := three.Score("node1"); score != replication.ScoreUnproven.String() {
		t.Errorf("the promotion score of the demoted node is %q", score)
	}
}

func TestRoleIsNotLeftWhileTheServerRunsOrItsLastBeatIsNotKnown(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led := three.nodes[0]
	seen := led.Markers(testContext(t), led.Observe(testContext(t), led.LiveView()).Servers)[nb]
	if err := led.LeaveRole(testContext(t), nb, seen); err == nil {
		t.Error("the role is left though the server runs")
	}
	controltest.Kill(t, led.Units[0])
	earlier := *seen
	earlier.TermID = "earlier"
	for _, unknown := range []*replication.Marker{nil, &earlier} {
		if err := led.LeaveRole(testContext(t), nb, unknown); err == nil {
			t.Errorf("the role is left though the last beat seen is %v", unknown)
		}
	}
	if score := three.Score("node1"); score == "-INFINITY" {
		t.Error("the promotion score was lowered")
	}
}

func TestSuccessorIsAFreshMemberThatTheClusterCanPromote(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led := three.nodes[0]
	own, err := led.OwnTerm()
	must(t, err)
	wantSuccessor := func(when, want string) {
		t.Helper()
		found, err := led.Successor(testContext(t))
		if found != want || want == "" && !errors.Is(err, control.ErrNoSuccessor) {
			t.Errorf("%s: the successor is %q (%v), want %q", when, found, err, want)
		}
	}
	wantSuccessor("no node has said that it is fresh", "")
	for _, n := range three.nodes[1:] {
		must(t, n.PublishFreshness(testContext(t), own.Record.TermID, true))
	}
	wantSuccessor("both are fresh", "node2")
	three.SetUnable(map[string]string{"node2": "banned"})
	wantSuccessor("node2 is banned", "node3")
	must(t, three.nodes[2].PublishFreshness(testContext(t), own.Record.TermID, false))
	wantSuccessor("node3 is behind", "")
	three.SetUnable(nil)
	updateMembers(t, led, map[string]replication.Freshness{
		"node2": replication.FreshnessStale, "node3": replication.FreshnessStale,
	})
	wantSuccessor("node2 is no member", "")
	updateMembers(t, led, map[string]replication.Freshness{"node2": replication.FreshnessFresh})
	wantSuccessor("node2 is a member again", "node2")
	three.SetUnmanaged("node1")
	wantSuccessor("the resource is not managed", "")
}

// compact has a server rewrite its file.
func compact(t *testing.T, u control.Unit) {
	t.Helper()
	before, err := os.Stat(u.Files.Database)
	must(t, err)
	must(t, exec.CommandContext(testContext(t), "ovs-appctl", "-t", u.Server.ControlSocket, "ovsdb-server/compact").Run())
	eventually(t, "the file to be rewritten", func() bool {
		after, err := os.Stat(u.Files.Database)
		return err == nil && !os.SameFile(before, after)
	})
}
