package supervisor

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

func TestListenersOfANodeThatLeadsAreOpenedOnceItsTermIsConfirmed(t *testing.T) {
	t.Parallel()
	var (
		leading = observation(replication.ConditionActive, true, replication.TermHeld)
		over    = observation(replication.ConditionActive, true, replication.TermOver)
		unasked = observation(replication.ConditionActive, false, replication.TermHeld)
		backup  = observation(replication.ConditionBackup, false, "")
	)
	type step struct {
		at         time.Duration
		resumed    bool          // the process stood still until now
		stackGone  bool          // the cluster stack is gone
		asked      time.Duration // for the last answer; 0 for none
		o          replication.Observation
		open, poll bool
	}
	for name, steps := range map[string][]step{
		"at first, when the cluster has answered": {
			{at: time.Second, o: leading},
			{at: 2 * time.Second, asked: 2 * time.Second, o: leading, open: true},
			{at: 3 * time.Second, asked: 2 * time.Second, o: leading},
		},
		"not on a node that does not lead": {
			{at: time.Second, asked: time.Second, o: over},
			{at: 2 * time.Second, asked: time.Second, o: unasked},
			{at: 3 * time.Second, asked: time.Second, o: backup},
		},
		"again after a time as a backup": {
			{at: time.Second, asked: time.Second, o: leading, open: true},
			{at: 2 * time.Second, asked: time.Second, o: backup},
			{at: 3 * time.Second, asked: time.Second, o: leading, open: true},
		},
		"not again after a moment without a term": {
			{at: time.Second, asked: time.Second, o: leading, open: true},
			{at: 2 * time.Second, asked: time.Second, o: observation(replication.ConditionActive, true, "")},
			{at: 3 * time.Second, asked: time.Second, o: leading},
		},
		"after a freeze, with an answer 2 s after it": {
			{at: time.Second, asked: time.Second, o: leading, open: true},
			{at: 10 * time.Second, resumed: true, asked: time.Second, o: leading},
			{at: 11 * time.Second, asked: 11 * time.Second, o: leading},
			{at: 12 * time.Second, asked: 11 * time.Second, o: leading, poll: true},
			{at: 13 * time.Second, asked: 12 * time.Second, o: leading, open: true},
			{at: 14 * time.Second, asked: 12 * time.Second, o: leading},
		},
		"after a loss of the cluster stack, with an answer 10 s after it": {
			{at: time.Second, asked: time.Second, o: leading, open: true},
			{at: 10 * time.Second, stackGone: true, asked: time.Second, o: leading},
			{at: 60 * time.Second, stackGone: true, asked: time.Second, o: leading},
			{at: 62 * time.Second, resumed: true, asked: 61 * time.Second, o: leading},
			{at: 69 * time.Second, asked: 69 * time.Second, o: leading},
			{at: 70 * time.Second, asked: 69 * time.Second, o: leading, poll: true},
			{at: 71 * time.Second, asked: 70 * time.Second, o: leading, open: true},
		},
		"not after a freeze in which the term ended": {
			{at: time.Second, asked: time.Second, o: leading, open: true},
			{at: 10 * time.Second, resumed: true, asked: time.Second, o: leading},
			{at: 12 * time.Second, asked: 12 * time.Second, o: over},
			{at: 13 * time.Second, asked: 12 * time.Second, o: backup},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s serving
			began := time.Unix(0, 0)
			for _, step := range steps {
				if step.resumed {
					s.resume(began.Add(step.at), confirmDelay)
				}
				if step.stackGone {
					s.resume(began.Add(step.at), stackConfirmDelay)
				}
				var askedAt time.Time
				if step.asked != 0 {
					askedAt = began.Add(step.asked)
				}
				open, poll := s.due(began.Add(step.at), askedAt, step.o)
				if open != step.open || poll != step.poll {
					t.Errorf("after %s: open %v, poll %v, want %v, %v", step.at, open, poll, step.open, step.poll)
				}
				if open {
					s.opened()
				}
			}
		})
	}
}

// An attempt to open the listeners may fail.
func TestListenersThatCouldNotBeOpenedAreDueAgain(t *testing.T) {
	t.Parallel()
	var s serving
	for range 2 {
		open, _ := s.due(time.Unix(2, 0), time.Unix(1, 0), observation(replication.ConditionActive, true, replication.TermHeld))
		if !open {
			t.Error("the listeners are not due")
		}
	}
}

// From an active whose listeners were closed for doubt, or that cannot open them: for a moment its monitors may not say
// so, but no client is served, and no monitor would ever say so by itself.
func TestActiveThatServesNoClientsForLongIsReported(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(n *fakeNode, err error){
		"the cluster does not answer":    func(n *fakeNode, err error) { n.queryErr = err },
		"the listeners cannot be opened": func(n *fakeNode, err error) { n.openErr = err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newActive()
				l, _, _ := start(t, n)
				wait(time.Minute)
				n.set(func() { fault(n, errors.New("connection refused")) })
				l.frozen <- 5 * time.Second
				wait(closedReport - time.Second)
				if reasons := locked(n, &n.saved).Reasons; len(reasons) > 0 {
					t.Errorf("at first it is reported: %q", reasons)
				}
				wait(2 * time.Second)
				if reasons := locked(n, &n.saved).Reasons; len(reasons) != 1 || !strings.Contains(reasons[0], "serves no clients") {
					t.Errorf("the reasons are %q", reasons)
				}
				n.set(func() { fault(n, nil) })
				wait(5 * time.Second)
				if reasons := locked(n, &n.saved).Reasons; len(reasons) > 0 {
					t.Errorf("it serves again, and the reasons are %q", reasons)
				}
			})
		})
	}
}

// observation returns that of a node both of whose servers are in a condition, and that leads term
// 4 if it was promoted.
func observation(condition replication.Condition, promoted bool, term replication.TermState) replication.Observation {
	o := replication.Observation{Term: term}
	if promoted {
		o.Own = &replication.OwnTerm{Record: replication.Record{Term: 4, TermID: "id4", Node: "node1"}, Recorded: true}
	}
	for _, database := range []string{"OVN_Northbound", "OVN_Southbound"} {
		o.Servers = append(o.Servers, replication.ServerState{Database: database, Condition: condition})
	}
	return o
}

// A server that is restarted in place meanwhile opens no listeners either.
func TestNoListenersMayBeOpenedFromAFreezeUntilTheClusterHasConfirmedTheTerm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		l, _, _ := start(t, n)
		wait(time.Minute)
		wantMayOpen := func(when string, want bool) {
			t.Helper()
			if l.mayOpen() != want {
				t.Errorf("%s: they may be opened: %v", when, !want)
			}
		}
		wantMayOpen("at rest", true)
		n.set(func() { n.queryErr = errors.New("connection refused") })
		if err := l.dismissing(func(context.Context) error { return nil })(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantMayOpen("before the loop has seen it", false)
		l.frozen <- 5 * time.Second
		wait(time.Minute)
		wantMayOpen("the cluster does not answer", false)
		if !locked(n, &n.saved).Doubted {
			t.Error("the next supervisor does not know of it")
		}
		n.set(func() { n.queryErr = nil })
		wait(5 * time.Second)
		wantMayOpen("the cluster has answered", true)
		if locked(n, &n.saved).Doubted {
			t.Error("the next supervisor asks the cluster as well")
		}
	})
}

// The supervisor was replaced in that time, as by a reload or an upgrade.
func TestSupervisorOpensNoListenersThatTheEarlierOneHasClosedForDoubt(t *testing.T) {
	t.Parallel()
	for _, doubted := range []bool{false, true} {
		node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
		if err := os.MkdirAll(node.RunDir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := node.SaveSupervisorState(control.SupervisorState{Doubted: doubted}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		l := newLoop(Supervisor{Controller: node, Log: node.Log})
		leading := observation(replication.ConditionActive, true, replication.TermHeld)
		open, _ := l.serving.due(began.Add(time.Second), began, leading)
		if l.mayOpen() == doubted || open == doubted {
			t.Errorf("doubted %v: they may be opened: %v, and are: %v", doubted, l.mayOpen(), open)
		}
		if open, _ = l.serving.due(began.Add(time.Minute), began.Add(30*time.Second), leading); !open {
			t.Errorf("doubted %v: they stay closed", doubted)
		}
	}
}
