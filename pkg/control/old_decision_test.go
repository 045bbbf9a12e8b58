package control_test

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// The tests of this file make a change that was decided before a promotion or a demotion, as the supervisor may,
// which decides and acts beside actions.

// whenAsked calls hook before the northbound server is asked something for the first time, of a copy of the node.
func whenAsked(c *control.Controller, hook func()) *control.Controller {
	supervised := *c
	supervised.Units = slices.Clone(c.Units)
	u := &supervised.Units[0]
	u.Server.Peer = hookedPeer{u.Server.Peer, sync.OnceFunc(hook)}
	return &supervised
}

type hookedPeer struct {
	ovsdbctl.PeerChecker

	hook func()
}

func (p hookedPeer) CheckPeer(pid int) error {
	p.hook()
	return p.PeerChecker.CheckPeer(pid)
}

// promotionBeside begins a promotion, and returns when that has ended, or waits for the caller.
func promotionBeside(t *testing.T, c *control.Controller, p replication.Participants) (begin func(), result <-chan error) {
	t.Helper()
	promoted := make(chan error, 1)
	return func() {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			promoted <- c.Promote(testContext(t), p)
		}()
		select {
		case <-ended:
		case <-time.After(time.Second):
		}
	}, promoted
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
	o := node.Observe(testContext(t), node.LiveView())
	o.Own, o.Term = nil, ""
	must(t, node.Demote(testContext(t)))
	action := flock.New(filepath.Join(node.RunDir, "lock"))
	must(t, action.Lock())
	begin, promoted := promotionBeside(t, node, three.electorate())
	whenAsked(node, func() {
		must(t, action.Unlock())
		begin()
	}).Repair(testContext(t), replication.Assess(o))
	must(t, <-promoted)
	insert(t, node, "a")
	wantHealth(t, node, replication.HealthActive)
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
