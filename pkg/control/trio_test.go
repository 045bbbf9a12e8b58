package control_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
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

// switchOverWithout is switchOver while a node is stopped.
func (three trio) switchOverWithout(t *testing.T, from, to, without int) {
	t.Helper()
	must(t, three.nodes[from].Demote(testContext(t)))
	must(t, three.nodes[to].ReceiveLast(testContext(t), []string{three.nodes[from].Node}))
	three.promote(t, to, without)
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
