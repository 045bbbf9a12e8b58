package control_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

func TestASwitchoverMovesEveryRowAndTakesNoSnapshot(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a", "b", "c")
	three.switchOver(t, 0, 1)
	insert(t, three.nodes[1], "d")
	for _, n := range three.nodes {
		wantRows(t, n, "a", "b", "c", "d")
		if kept := snapshots(t, n); len(kept) > 0 {
			t.Errorf("node %s has kept %v", n.Node, kept)
		}
	}
	three.switchOver(t, 1, 0)
	wantRows(t, three.nodes[2], "a", "b", "c", "d")
	wantHealth(t, three.nodes[0], replication.HealthActive)
}

func TestAReturningOldActiveIsReadOnlyAtOnceAndWhatOnlyItHasIsKept(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	three.beat(t)
	for _, n := range three.nodes[1:] { // cut off from node1, which goes on
		must(t, n.Units[0].Server.Follow(testContext(t), n.Units[0].Endpoint.Parking(), 0))
	}
	insert(t, three.nodes[0], "only-here")
	three.cutOff(0)
	three.promote(t, 1, 0)
	insert(t, three.nodes[1], "b")

	v := three.nodes[0].Monitor(testContext(t), true)
	if v.Health != replication.HealthBackupDegraded || !strings.Contains(v.Reason(), "term 1 of this node is over") {
		t.Errorf("node1 is %q (%s)", v.Health, v.Reason())
	}
	for _, u := range three.nodes[0].Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("%s of node1 is still %s", u.Name(), s.Role)
		}
	}
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	wantRows(t, three.nodes[0], "a", "b")
	if kept := snapshots(t, three.nodes[0])["ahead"]; !slices.Equal(kept, []string{"a", "only-here"}) {
		t.Errorf("kept are %q", kept)
	}
	if kept := snapshots(t, three.nodes[2]); len(kept) > 0 {
		t.Errorf("node3 lost nothing and has kept %v", kept)
	}
}

func TestAStaleReplicaYieldsToAFreshOneWhicheverIsChosen(t *testing.T) {
	t.Parallel()
	for _, stale := range []int{1, 2} {
		fresh := 3 - stale
		three := newLedTrio(t)
		insert(t, three.nodes[0], "a")
		cut := three.nodes[stale]
		wantRows(t, cut, "a")
		must(t, cut.Units[0].Server.Follow(testContext(t), cut.Units[0].Endpoint.Parking(), 0))
		insert(t, three.nodes[0], "b", "c")
		wantRows(t, three.nodes[fresh], "a", "b", "c")
		must(t, three.nodes[0].Stop(testContext(t)))

		wantChoice(t, three.hold(t, stale, 0), three.nodes[fresh].Node, "holds more")
		err := cut.Promote(testContext(t), three.electorate(0))
		wantChoice(t, err, three.nodes[fresh].Node, "holds more")
		if s := status(t, cut.Units[0]); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("the stale replica is %s", s.Role)
		}
		three.promote(t, fresh, 0)
		wantRows(t, cut, "a", "b", "c")
	}
}

func TestANodeWhoseFileIsMissingNeverLeadsOverData(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	for _, n := range three.nodes {
		must(t, n.Stop(testContext(t)))
	}
	removeFile(t, three.nodes[2].Units[0].Files.Database)
	for _, n := range three.nodes {
		must(t, n.Start(testContext(t)))
	}
	if got := three.Score("node3"); got != "" {
		t.Errorf("the blank node stands for promotion with %s", got)
	}
	wantChoice(t, three.hold(t, 2), "node1", "has not seen the start of term 1")
	three.promote(t, 0)
	for _, n := range three.nodes {
		wantRows(t, n, "a")
	}
}

func TestAStaleNodeAloneWaits(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	must(t, three.nodes[2].Stop(testContext(t)))
	three.switchOverWithout(t, 0, 1, 2)
	insert(t, three.nodes[1], "b")
	for _, n := range three.nodes[:2] {
		must(t, n.Stop(testContext(t)))
	}
	must(t, three.nodes[2].Start(testContext(t)))
	if got := three.Score("node3"); got != "" {
		t.Errorf("the stale node stands for promotion with %s", got)
	}
	wantChoice(t, three.hold(t, 2, 0, 1), "", "node node2 led")

	must(t, three.nodes[2].Bless(testContext(t), "the others burned"))
	must(t, three.nodes[2].Promote(testContext(t), three.electorate(0, 1)))
	wantRows(t, three.nodes[2], "a")
	blessed, err := three.nodes[2].Cluster.Published(testContext(t), control.TopicBlessed)
	must(t, err)
	if len(blessed) > 0 {
		t.Errorf("the blessing holds for more than once: %v", blessed)
	}
}

// leaveOneBehind stops all nodes but the last, which was behind when the first one led.
func (three trio) leaveOneBehind(t *testing.T) *control.Controller {
	t.Helper()
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	now := *record
	now.Members = []string{"node1"}
	must(t, three.nodes[0].Cluster.SwapRecord(testContext(t), record.String(), now.String()))
	for _, n := range three.nodes[:2] {
		must(t, n.Stop(testContext(t)))
	}
	return three.nodes[2]
}

func TestANodeThatWasBehindIsAskedToLeadAfterTheTimeThatTheOperatorGave(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	last := three.leaveOneBehind(t)
	last.LeadWhenBehind = 500 * time.Millisecond
	if v := last.Monitor(testContext(t), false); three.Score("node3") != "" || !strings.Contains(v.Reason(), "may not lead") {
		t.Fatalf("node3 is %q (%s), score %q", v.Health, v.Reason(), three.Score("node3"))
	}
	eventually(t, "the node to stand for promotion", func() bool {
		last.Monitor(testContext(t), false)
		return three.Score("node3") == replication.ScoreBehind.String()
	})
	must(t, last.Promote(testContext(t), three.electorate(0, 1)))
	wantRows(t, last, "a")
}

func TestRowsThatAServerTookAfterItTurnedActiveByItselfAreKept(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	must(t, three.nodes[1].Units[0].Server.Activate(testContext(t)))
	insert(t, three.nodes[1], "astray")
	wantHealth(t, three.nodes[1], replication.HealthBackupDegraded)
	if s := status(t, three.nodes[1].Units[0]); s.Role != ovsdbctl.RoleBackup {
		t.Errorf("the server is still %s", s.Role)
	}
	eventually(t, "node2 to follow again", func() bool {
		return three.nodes[1].Monitor(testContext(t), false).Health == replication.HealthBackup
	})
	wantRows(t, three.nodes[1], "a")
	if kept := snapshots(t, three.nodes[1])["was-active"]; !slices.Equal(kept, []string{"a", "astray"}) {
		t.Errorf("kept are %q", kept)
	}
}

func TestABackupIsNeverPointedAtABlankOrForeignServer(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	foreign := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.4", controltest.FreePorts(t))
	must(t, foreign.Start(testContext(t)))
	must(t, foreign.Promote(testContext(t), replication.Participants{}))
	sources := control.SourcesAt(foreign.Units, foreign.Listening.NodeAddress).String()
	must(t, three.nodes[0].Cluster.Publish(testContext(t), control.TopicActive, sources))

	err := three.nodes[1].Follow(testContext(t), "node1")
	refused := new(control.RefusedSourceError)
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "another origin") {
		t.Errorf("error is %v, want a refusal that names the origin", err)
	}
	if got := rows(t, three.nodes[1]); !slices.Equal(got, []string{"a"}) {
		t.Errorf("node2 holds %q", got)
	}
}

func TestAPromotionThatCannotBeRecordedTakesItselfBackAndCostsNothing(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	three.beat(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	must(t, three.hold(t, 1, 0))
	three.RefuseRecord(true)
	if err := three.nodes[1].Promote(testContext(t), three.electorate(0)); err == nil {
		t.Fatal("a promotion without a record succeeded")
	}
	wantHealth(t, three.nodes[1], replication.HealthBackup)
	for _, u := range three.nodes[1].Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("%s of the failed promotion is still %s", u.Name(), s.Role)
		}
	}
	three.RefuseRecord(false)
	must(t, three.nodes[1].Demote(testContext(t)))
	must(t, three.nodes[0].Start(testContext(t)))
	// A client on a local socket may have written to node2, so it holds most.
	three.promote(t, 1)
	for _, n := range three.nodes {
		wantRows(t, n, "a")
		if kept := snapshots(t, n); len(kept) > 0 {
			t.Errorf("node %s lost nothing and has kept %v", n.Node, kept)
		}
	}
}

func TestASilentNodeIsNamed(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	err := three.nodes[1].HoldElection(shortContext(t), three.electorate(0))
	silent := new(replication.UnansweredError)
	if !errors.As(err, &silent) || !slices.Equal(silent.Nodes, []string{"node3"}) {
		t.Errorf("error is %v, want one that names node3", err)
	}
}

func TestAnAnswerToAnEarlierRoundDoesNotCount(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	must(t, three.hold(t, 1, 0))
	err := three.nodes[1].HoldElection(shortContext(t), three.electorate(0)) // a new round, and no node answers
	if silent := new(replication.UnansweredError); !errors.As(err, &silent) {
		t.Errorf("error is %v, want a silent node", err)
	}
}

// The answering node had yielded, say, and its score comes back between election and promotion.
func TestAnAnswerToAnElectionOutlastsTheReturnOfTheScore(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	answering := three.nodes[2]
	wantRows(t, three.nodes[1], "a")
	wantRows(t, answering, "a")
	must(t, three.nodes[0].Stop(testContext(t)))
	must(t, three.hold(t, 1, 0))
	must(t, answering.Cluster.ClearScore(testContext(t)))
	answering.Monitor(testContext(t), false)
	if three.Score(answering.Node) == "" {
		t.Error("the score has not come back")
	}
	must(t, three.nodes[1].Promote(testContext(t), three.electorate(0)))
}

func TestADemotedNodeThatHoldsMoreAndIsGoneIsNotGivenUp(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	for _, n := range three.nodes[1:] {
		must(t, n.Units[0].Server.Follow(testContext(t), n.Units[0].Endpoint.Parking(), 0))
	}
	insert(t, three.nodes[0], "last")
	must(t, three.nodes[0].Demote(testContext(t)))
	must(t, three.nodes[0].Stop(testContext(t)))
	defer three.answerLate(t)() // after a planned demotion the notification does not wait for a call
	refused := new(replication.ElectionError)
	if err := three.hold(t, 1, 0); !errors.As(err, &refused) || !strings.Contains(err.Error(), "node node1 wrote last") {
		t.Errorf("error is %v, want that no node leads without the last rows of node1", err)
	}
	must(t, three.nodes[0].Start(testContext(t)))
	three.promote(t, 0)
	wantRows(t, three.nodes[1], "a", "last")
}

func TestWhatADeadServerHeldIsNotWaitedForAfterADemotion(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	u := three.nodes[1].Units[0]
	source := status(t, u).Source
	parkUnit(t, u) // it does not receive the rows that come now
	insert(t, three.nodes[0], "last")
	controltest.Kill(t, three.nodes[0].Units[0])
	must(t, u.Server.Follow(testContext(t), source, time.Minute))
	must(t, three.nodes[0].Demote(testContext(t)))
	must(t, three.nodes[1].ReceiveLast(testContext(t), []string{"node1"}))
	record, err := three.nodes[1].Record(testContext(t))
	must(t, err)
	if len(record.End) > 0 {
		t.Errorf("the record says that the data ended at %s, though one of its servers had died", record.End)
	}
}

func TestAfterAPlannedDemotionNobodyHasToAnswer(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "last")
	must(t, three.nodes[0].Demote(testContext(t)))
	must(t, three.nodes[0].Stop(testContext(t)))
	must(t, three.nodes[1].HoldElection(testContext(t), three.electorate(0)))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate(0)))
	wantRows(t, three.nodes[1], "last")
	if round := three.Said(control.TopicRound, "node2"); round != "" {
		t.Errorf("an election was called: %q", round)
	}
}

// A backup that no server answers from where it is to follow keeps the cluster waiting for
// no longer than a lost packet takes to be sent again: the virtual address may start only
// after it.
func TestASourceThatDoesNotAnswerIsGivenUpSoon(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = mute.Close() })
	at := "tcp:" + mute.Addr().String()
	must(t, three.nodes[0].Cluster.Publish(testContext(t), control.TopicActive, "OVN_Northbound="+at+",OVN_Southbound="+at))
	err = three.nodes[1].Follow(testContext(t), "node1")
	late := new(control.StepError)
	if !errors.As(err, &late) || !strings.Contains(late.Step, "question") || late.Elapsed > 4*time.Second {
		t.Errorf("error is %v, want the question given up soon", err)
	}
}

func TestAdoptionOfAClusterWithoutTerms(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	must(t, three.nodes[2].Units[0].Server.Activate(testContext(t)))
	insert(t, three.nodes[2], "from before")
	must(t, three.nodes[2].Units[0].Server.Follow(testContext(t), three.nodes[2].Units[0].Endpoint.Parking(), 0))
	wantChoice(t, three.hold(t, 0), "node3", "holds content")
	three.promote(t, 2)
	for _, n := range three.nodes {
		wantRows(t, n, "from before")
	}
}
