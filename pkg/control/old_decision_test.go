package control_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// The tests of this file make a change that was decided before a promotion or a demotion, as the supervisor may,
// which decides and acts beside actions.

// whenAsked calls hook before the northbound server is asked something for the first time, of a copy of the node.
func whenAsked(c *control.Controller, hook func()) *control.Controller {
	supervised := copyOf(c)
	u := &supervised.Units[0]
	u.Server.Peer = hookedPeer{u.Server.Peer, sync.OnceFunc(hook)}
	return supervised
}

type hookedPeer struct {
	ovsdbctl.PeerChecker

	hook func()
}

func (p hookedPeer) CheckPeer(pid int) error {
	p.hook()
	return p.PeerChecker.CheckPeer(pid)
}

// beside begins f, and returns when that has ended, or waits for the caller.
func beside(patience time.Duration, f func() error) (begin func(), result <-chan error) {
	done := make(chan error, 1)
	return func() {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			done <- f()
		}()
		select {
		case <-ended:
		case <-time.After(patience):
		}
	}, done
}

func promotionBeside(t *testing.T, c *control.Controller, p replication.Participants) (begin func(), result <-chan error) {
	t.Helper()
	return beside(time.Second, func() error { return c.Promote(testContext(t), p) })
}

// activeWithoutTerm returns the verdict on servers that were observed active while a demotion was under way, which
// had dropped the term before that was read.
func activeWithoutTerm(t *testing.T, c *control.Controller) replication.Verdict {
	t.Helper()
	o := c.Observe(testContext(t), c.LiveView())
	o.Own, o.Term = nil, ""
	v := replication.Assess(o)
	if len(v.Repairs) == 0 || !v.Repairs[0].Urgent {
		t.Fatalf("the repairs are %v, want urgent ones", v.Repairs)
	}
	return v
}

// An election that another node has not closed is answered, for which the servers are parked. Meanwhile this node
// is promoted, as it has received the end of the data.
func TestNodeThatIsPromotedWhileItAnswersAnElectionLeads(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[1]
	must(t, three.nodes[0].Demote(testContext(t)))
	must(t, node.ReceiveLast(testContext(t), []string{"node1"}))
	must(t, three.nodes[2].Cluster.Publish(testContext(t), control.TopicRound, "given-up"))
	begin, promoted := promotionBeside(t, node, three.electorate())
	if err := whenAsked(node, begin).AnswerOpenRounds(testContext(t)); err != nil {
		t.Log(err)
	}
	must(t, <-promoted)
	insert(t, node, "a")
	wantHealth(t, node, replication.HealthActive)
}

// The servers were observed active during the demotion, after the term was dropped. The node is promoted again
// when the repair has begun.
func TestNodeThatIsPromotedWhileAnOldFaultIsRepairedLeads(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	v := activeWithoutTerm(t, node)
	must(t, node.Demote(testContext(t)))
	endAction := controltest.BeginAction(t, node)
	begin, promoted := promotionBeside(t, node, three.electorate())
	whenAsked(node, func() {
		endAction()
		begin()
	}).Repair(testContext(t), v)
	must(t, <-promoted)
	insert(t, node, "a")
	wantHealth(t, node, replication.HealthActive)
}

// The servers were observed while a demotion was under way: active, of a term that was dropped before it was
// read. Then the node is promoted again. Outcome: the promotion, which holds the lock, is not disturbed.
func TestAnObservationFromBeforeAPromotionMakesNoneOfItsServersReadOnly(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	v := activeWithoutTerm(t, node)
	endAction := controltest.BeginAction(t, node)
	node.Repair(testContext(t), v)
	endAction()
	insert(t, node, "a")
	wantHealth(t, node, replication.HealthActive)
}

// The supervisor has put its copy off, and this node is promoted before the turn for that comes.
func TestNodeThatWasPromotedFollowsNoEarlierLeader(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[1].Cluster.Publish(testContext(t), control.TopicActive,
		control.SourcesAt(three.nodes[1].Units, three.nodes[1].Listening.NodeAddress).String()))
	if _, err := three.nodes[0].TryFollow(testContext(t), "node2"); err != nil {
		t.Error(err)
	}
	insert(t, three.nodes[0], "a")
	wantHealth(t, three.nodes[0], replication.HealthActive)
}

func TestScoreAndAddressFromBeforeAPromotionOrDemotionAreNotPublished(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	led, next := three.nodes[0], three.nodes[1]
	verdict := func(c *control.Controller) replication.Verdict {
		return replication.Assess(c.Observe(testContext(t), c.LiveView()))
	}
	publish := func(c *control.Controller, v replication.Verdict) {
		t.Helper()
		if done, err := c.Publish(testContext(t), v, replication.Leader{}); done || err != nil {
			t.Errorf("%s publishes: %v, %v", c.Node, done, err)
		}
	}
	led1, next1 := verdict(led), verdict(next)
	must(t, led.Demote(testContext(t)))
	publish(led, led1)
	wantDemoted(t, three)
	must(t, next.ReceiveLast(testContext(t), []string{"node1"}))
	must(t, next.Promote(testContext(t), three.electorate()))
	next1.Barred = true // before it was blessed
	publish(next, next1)
	wantScore(t, three, "node2", replication.ActiveScore(2))
}

// wantDemoted fails the test unless the first node has said that it leads no more.
func wantDemoted(t *testing.T, three trio) {
	t.Helper()
	wantScore(t, three, "node1", replication.ScoreUnproven)
	if said := three.Said(control.TopicActive, "node1"); said != "" {
		t.Errorf("the demoted node says that it leads at %s", said)
	}
}

func wantScore(t *testing.T, three trio, node string, want replication.Score) {
	t.Helper()
	if got := three.Score(node); got != want.String() {
		t.Errorf("the score of %s is %q, want %q", node, got, want)
	}
}

// demotesAfterRecord is a cluster of a node that is demoted when it has read the record.
type demotesAfterRecord struct {
	control.Cluster

	demote func()
}

func (d demotesAfterRecord) Record(ctx context.Context) (string, error) {
	record, err := d.Cluster.Record(ctx)
	d.demote()
	return record, err
}

func TestMonitorPublishesNothingOfANodeThatIsDemotedMeanwhile(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	monitor := *three.nodes[0]
	monitor.Cluster = demotesAfterRecord{monitor.Cluster, sync.OnceFunc(func() { must(t, three.nodes[0].Demote(testContext(t))) })}
	monitor.Monitor(testContext(t), true)
	wantDemoted(t, three)
}

// The term of the markers has ended, and the node leads the next one.
func TestMarkersOfAnEarlierTermAreWrittenIntoNoLaterOne(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	own, err := node.OwnTerm()
	must(t, err)
	must(t, node.Demote(testContext(t)))
	must(t, node.Promote(testContext(t), three.electorate()))
	insert(t, node, "a")
	for name, write := range map[string]func() error{
		"beat":            func() error { return node.Beat(testContext(t), *own, node.FileReaders()) },
		"beat for a copy": func() error { return node.BeatNow(testContext(t), *own) },
		"healed": func() error {
			healed, err := node.Heal(testContext(t), *own, map[string]*replication.Marker{nb: nil}, nil)
			if len(healed) > 0 {
				t.Errorf("healed are %q", healed)
			}
			return err
		},
	} {
		must(t, write())
		for _, u := range node.Units {
			if m := marker(t, u); m == nil || m.Term != 2 {
				t.Fatalf("%s: %s is of %s", name, u.Name(), m.Describe())
			}
		}
	}
}

func TestFreshnessOfAnEarlierTermMakesNoMemberOfALaterOne(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	own, err := node.OwnTerm()
	must(t, err)
	must(t, node.Demote(testContext(t)))
	must(t, node.Promote(testContext(t), three.electorate(2)))
	must(t, node.UpdateMembers(testContext(t), *own, map[string]replication.Freshness{"node3": replication.FreshnessFresh}))
	wantNoMember(t, node, "node3", "has seen nothing of the term")
}

// The supervisor was killed when it had swapped the record, and before it kept that. Then the CIB goes back.
func TestRecordThatComesBackHasNoMemberThatWasRemovedFromIt(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	kept := filepath.Join(node.StateDir, "term")
	before, err := os.ReadFile(kept)
	must(t, err)
	updateMembers(t, node, map[string]replication.Freshness{"node3": replication.FreshnessStale})
	must(t, os.WriteFile(kept, before, 0o600))
	updateMembers(t, node, map[string]replication.Freshness{"node3": replication.FreshnessStale})
	must(t, three.Fix(""))
	wantHealth(t, node, replication.HealthActiveDegraded)
	wantNoMember(t, node, "node3", "is behind")
}

// The supervisor answers an election that was given up, and an action answers the one that took its place: the values
// reach the cluster in the other order. The answer that counts stays: nothing would publish it again, as it was given.
func TestAnswerToAnElectionIsNotReplacedByALateOneToAnEarlier(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	node, chosen := three.nodes[2], three.nodes[0].Cluster
	must(t, chosen.Publish(testContext(t), control.TopicRound, "given-up"))
	late := *node
	late.Cluster = overtakenBy{node.Cluster, sync.OnceFunc(func() {
		must(t, chosen.Publish(testContext(t), control.TopicRound, "held"))
		must(t, node.AnswerOpenRounds(testContext(t)))
	})}
	must(t, late.AnswerOpenRounds(testContext(t)))
	must(t, node.AnswerOpenRounds(testContext(t)))
	if said := three.Said(control.TopicPosition, node.Node); !strings.HasPrefix(said, "held ") {
		t.Errorf("the answer is %q", said)
	}
}

// The supervisor is publishing the score of a backup when an election finds that another node should lead. The score
// that keeps the role away comes last: else the cluster promotes this node against the election.
func TestScoreOfANodeThatLosesAnElectionIsNotReplacedByAnEarlierOne(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	cut := three.nodes[1]
	wantRows(t, cut, "a")
	parkUnit(t, cut.Units[0])
	insert(t, three.nodes[0], "b")
	wantRows(t, three.nodes[2], "a", "b")
	must(t, three.nodes[0].Stop(testContext(t)))
	hold, held := beside(2*time.Second, func() error { return three.hold(t, 1, 0) })
	late := *cut
	late.Cluster = scoresLate{cut.Cluster, sync.OnceFunc(hold)}
	v := replication.Verdict{Health: replication.HealthBackup, Following: true}
	if done, err := late.Publish(testContext(t), v, replication.Leader{Node: "node1"}); !done || err != nil {
		t.Errorf("published: %v, %v", done, err)
	}
	wantChoice(t, <-held, "node3", "holds more")
	wantScore(t, three, "node2", replication.ScoreNever)
}

// scoresLate is a cluster that takes a score late.
type scoresLate struct {
	control.Cluster

	meanwhile func()
}

func (s scoresLate) KeepScore(ctx context.Context, score replication.Score) error {
	s.meanwhile()
	return s.Cluster.KeepScore(ctx, score)
}

// The node was observed before its server died, and the role was left to another one since.
func TestScoreOfANodeThatLeavesItsRoleIsNotReplacedByAnEarlierOne(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	led := three.nodes[0]
	v := replication.Assess(led.Observe(testContext(t), led.LiveView()))
	three.leaveRole(t)
	done, err := led.Publish(testContext(t), v, replication.Leader{})
	if done || err != nil {
		t.Errorf("published: %v, %v", done, err)
	}
	wantScore(t, three, "node1", replication.ScoreNever)
	must(t, led.KeepRole(testContext(t), nb))
	wantScore(t, three, "node1", replication.ActiveScore(1))
}
