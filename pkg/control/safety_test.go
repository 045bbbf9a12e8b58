package control_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// trio is a cluster of three nodes whose first leads and whose others follow.
type trio struct {
	*controltest.Cluster
	nodes [3]*control.Controller
}

func newTrio(t *testing.T) trio {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	three := trio{Cluster: c}
	for i, address := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		three.nodes[i] = controltest.NewNode(t, c, "node"+address[len(address)-1:], address, ports)
		must(t, three.nodes[i].Start(testContext(t)))
	}
	return three
}

func newLedTrio(t *testing.T) trio {
	t.Helper()
	three := newTrio(t)
	three.promote(t, 0)
	return three
}

// electorate is all nodes but those that are left out.
func (three trio) electorate(without ...int) replication.Participants {
	var e replication.Participants
	for i, n := range three.nodes {
		if slices.Contains(without, i) {
			e.Absent = append(e.Absent, n.Node)
		} else {
			e.Nodes = append(e.Nodes, n.Node)
		}
	}
	return e
}

// hold has a node hold an election that the others answer, all at the same
// time, as Pacemaker does before a promotion.
func (three trio) hold(t *testing.T, chosen int, without ...int) error {
	t.Helper()
	var wg sync.WaitGroup
	for i, n := range three.nodes {
		if i != chosen && !slices.Contains(without, i) {
			wg.Go(func() {
				if err := n.AnswerElection(testContext(t), three.nodes[chosen].Node); err != nil {
					t.Errorf("node %s does not answer: %v", n.Node, err)
				}
			})
		}
	}
	err := three.nodes[chosen].HoldElection(testContext(t), three.electorate(without...))
	wg.Wait()
	return err
}

// promote elects and promotes a node and points the others at it.
func (three trio) promote(t *testing.T, chosen int, without ...int) {
	t.Helper()
	must(t, three.hold(t, chosen, without...))
	must(t, three.nodes[chosen].Promote(testContext(t), three.electorate(without...)))
	for i, n := range three.nodes {
		if i != chosen && !slices.Contains(without, i) {
			must(t, n.Follow(testContext(t), three.nodes[chosen].Node))
		}
	}
}

// cutOff leaves the virtual address, which on one machine is everybody's, to a node
// alone: the others go without, so that it is not in their way.
func (three trio) cutOff(node int) {
	for i, n := range three.nodes {
		if i != node {
			n.Holds = func(a netip.Addr) bool { return a == n.Listening.NodeAddress }
		}
	}
}

// switchOver demotes one node and promotes another, as a standby does.
func (three trio) switchOver(t *testing.T, from, to int) {
	t.Helper()
	must(t, three.nodes[from].Demote(testContext(t)))
	for i, n := range three.nodes {
		if i != from {
			must(t, n.ReceiveLast(testContext(t), []string{three.nodes[from].Node}))
		}
	}
	three.promote(t, to)
}

// wantChoice checks that an election went against the chosen node.
func wantChoice(t *testing.T, err error, yield, reason string) {
	t.Helper()
	lost := new(replication.ElectionError)
	if !errors.As(err, &lost) || lost.Decision.Yield != yield || !strings.Contains(lost.Decision.Reason, reason) {
		t.Fatalf("error is %v, want the promotion left to %q because %q", err, yield, reason)
	}
}

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

func TestANodeThatWasBehindIsAskedToLeadAfterTheTimeThatTheOperatorGave(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	now := *record
	now.Members = []string{"node1"} // the others were behind
	must(t, three.nodes[0].Cluster.SwapRecord(testContext(t), record.String(), now.String()))
	for _, n := range three.nodes[:2] {
		must(t, n.Stop(testContext(t)))
	}
	last := three.nodes[2]
	last.LeadWhenBehind = 500 * time.Millisecond
	if v := last.Monitor(testContext(t), false); three.Score("node3") != "" || !strings.Contains(v.Reason(), "may not lead") {
		t.Fatalf("node3 is %q (%s), score %q", v.Health, v.Reason(), three.Score("node3"))
	}
	eventually(t, "the node to stand for promotion", func() bool {
		last.Monitor(testContext(t), false)
		return three.Score("node3") == replication.ScoreLagging.String()
	})
	must(t, last.Promote(testContext(t), three.electorate(0, 1)))
	wantRows(t, last, "a")
}

// switchOverWithout is switchOver while a node is stopped.
func (three trio) switchOverWithout(t *testing.T, from, to, without int) {
	t.Helper()
	must(t, three.nodes[from].Demote(testContext(t)))
	must(t, three.nodes[to].ReceiveLast(testContext(t), []string{three.nodes[from].Node}))
	three.promote(t, to, without)
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
	killUnit(t, three.nodes[0].Units[0])
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

// beat has the first node count up its beat, and waits until all hold it: from then on
// it is certain that none is ahead.
func (three trio) beat(t *testing.T) {
	t.Helper()
	wantHealth(t, three.nodes[0], replication.HealthActive)
	for i := range three.nodes[0].Units {
		want := marker(t, three.nodes[0].Units[i])
		for _, n := range three.nodes[1:] {
			eventually(t, n.Node+" to hold the beat", func() bool { return cmp.Equal(marker(t, n.Units[i]), want) })
		}
	}
}

func marker(t *testing.T, u control.Unit) *replication.Marker {
	t.Helper()
	store, err := u.Server.Open(testContext(t))
	must(t, err)
	defer store.Close()
	global, err := store.Global(testContext(t))
	must(t, err)
	m, err := replication.ParseMarker(global)
	must(t, err)
	return m
}

// shortContext is for a call that waits for something that does not come.
func shortContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// newRobbedTrio returns a cluster whose first node led, was stopped as planned, and has
// lost rows when it is started again: its file was cut short, or is an earlier copy.
func newRobbedTrio(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	led, file := three.nodes[0], three.nodes[0].Units[0].Files.Database
	earlier, err := os.ReadFile(file)
	must(t, err)
	insert(t, led, "a")
	must(t, led.Demote(testContext(t)))
	for _, n := range three.nodes[1:] {
		must(t, n.ReceiveLast(testContext(t), []string{led.Node}))
	}
	must(t, led.Stop(testContext(t)))
	must(t, os.WriteFile(file, earlier, 0o640))
	must(t, led.Start(testContext(t)))
	return three
}

func TestDemotedNodeThatHasLostRowsSinceLeavesThePromotionToOneThatHasThem(t *testing.T) {
	t.Parallel()
	three := newRobbedTrio(t)
	defer three.answerLate(t)() // after a planned demotion no node answers in the notification
	lost := new(replication.ElectionError)
	err := three.nodes[0].HoldElection(testContext(t), three.electorate())
	if !errors.As(err, &lost) || lost.Decision.Yield == "" {
		t.Errorf("the election ends with %v, want another node to lead", err)
	}
	if err := three.nodes[0].Promote(testContext(t), three.electorate()); !errors.As(err, &lost) {
		t.Errorf("the promotion ends with %v, want a refusal", err)
	}
	must(t, three.nodes[1].HoldElection(testContext(t), three.electorate()))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate()))
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	wantRows(t, three.nodes[0], "a")
}

// answerLate has all nodes answer elections now and then, as their supervisors do, until
// stop is called.
func (three trio) answerLate(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(testContext(t))
	var supervisors sync.WaitGroup
	for _, n := range three.nodes {
		supervisors.Go(func() {
			ticker := time.NewTicker(20 * time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					_ = n.AnswerOpenRounds(ctx)
				}
			}
		})
	}
	return func() { cancel(); supervisors.Wait() }
}

func TestDemotedNodeThatHasLostRowsSinceDoesNotLeadAloneUnlessBlessed(t *testing.T) {
	t.Parallel()
	three := newRobbedTrio(t)
	for _, n := range three.nodes[1:] {
		must(t, n.Stop(testContext(t)))
	}
	for _, action := range []func() error{
		func() error { return three.hold(t, 0, 1, 2) },
		func() error { return three.nodes[0].Promote(testContext(t), three.electorate(1, 2)) },
	} {
		lost := new(replication.ElectionError)
		if err := action(); !errors.As(err, &lost) || !strings.Contains(err.Error(), "ovndb-servers bless") {
			t.Errorf("it ends with %v, want a refusal that names the way out", err)
		}
	}
	must(t, three.nodes[0].Bless(testContext(t), "the others burned"))
	three.promote(t, 0, 1, 2)
}

// A server of the promoted node has died, and its file is an earlier copy: it is not made
// active again, and when the node is demoted, it cannot say where its data ended.
func TestDemotedNodeWhoseServerHadDiedWithAnEarlierFileLeavesThePromotionToAnother(t *testing.T) {
	t.Parallel()
	three, earlier := newTrioWithAnEarlierFile(t)
	led, u := three.nodes[0], three.nodes[0].Units[0]
	seen := led.Markers(testContext(t), led.Observe(testContext(t), led.LiveView()).Servers)[u.Name()]
	must(t, process.Kill(testContext(t), process.Pidfile(u.Files.Pidfile), "ovsdb-server"))
	must(t, os.WriteFile(u.Files.Database, earlier, 0o640))
	if err := led.Revive(testContext(t), u.Name(), seen); !errors.Is(err, control.ErrRowsLost) {
		t.Fatalf("the restart in place ends with %v, want %v", err, control.ErrRowsLost)
	}
	three.wantLossKnown(t)
}

// The file of an active server is replaced by an earlier copy, which the server does not
// notice: it is demoted, and started again with that.
func TestDemotedNodeWhoseFileWasReplacedUnderItLeavesThePromotionToAnother(t *testing.T) {
	t.Parallel()
	three, earlier := newTrioWithAnEarlierFile(t)
	u := three.nodes[0].Units[0]
	must(t, os.WriteFile(u.Files.Database+".earlier", earlier, 0o640))
	must(t, os.Rename(u.Files.Database+".earlier", u.Files.Database))
	three.wantLossKnown(t)
}

// newTrioWithAnEarlierFile returns the content that the first node's file had before the last row,
// which all nodes have.
func newTrioWithAnEarlierFile(t *testing.T) (three trio, earlier []byte) {
	t.Helper()
	three = newLedTrio(t)
	led := three.nodes[0]
	earlier, err := os.ReadFile(led.Units[0].Files.Database)
	must(t, err)
	insert(t, led, "a")
	beat(t, led)
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	return three, earlier
}

// wantLossKnown restarts the first node, which led, as the cluster does, and checks that
// another one is chosen.
func (three trio) wantLossKnown(t *testing.T) {
	t.Helper()
	led := three.nodes[0]
	must(t, led.Demote(testContext(t)))
	for _, n := range three.nodes[1:] {
		must(t, n.ReceiveLast(testContext(t), []string{led.Node}))
	}
	must(t, led.Stop(testContext(t)))
	must(t, led.Start(testContext(t)))
	lost := new(replication.ElectionError)
	if err := three.hold(t, 0); !errors.As(err, &lost) || lost.Decision.Yield == "" {
		t.Errorf("the election ends with %v, want another node to lead", err)
	}
	three.promote(t, 1)
	wantRows(t, led, "a")
}
