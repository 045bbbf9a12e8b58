package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestListenersAreLookedAtEachSecondWhileTheNodeLeadsAndNoActionIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		l, _, _ := start(t, n)
		n.set(func() { n.changed = []string{"rows are gone"} })
		wait(10 * time.Second)
		if looks := n.count("keep"); looks < 9 || looks > 13 {
			t.Errorf("%d looks in 11 s", looks)
		}
		if got := locked(n, &n.saved).Reasons; !slices.Equal(got, []string{"rows are gone"}) && len(got) > 0 {
			t.Errorf("reasons are %q", got)
		}
		for name, state := range map[string]func(){
			"an action is under way": func() { n.acting = true },
			"its term is over":       func() { n.cluster.Record = "5 id5 node2"; l.poller.request() },
		} {
			n.set(state)
			wait(time.Second)
			before := n.count("keep")
			wait(5 * time.Second)
			if looks := n.count("keep") - before; looks > 0 {
				t.Errorf("%s: %d looks", name, looks)
			}
			n.set(func() { n.acting = false })
		}
	})
}

// The listeners are being closed because this node may not lead any more, and the loop does not know
// that yet.
func TestListenersThatWereClosedForDoubtAreNotOpenedByALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		l, _, _ := start(t, n)
		wait(3 * time.Second)
		opened := n.count("open")
		looks, may := n.count("keep"), n.count("may open")
		if looks == 0 || looks != may {
			t.Fatalf("%d looks, of which %d might open listeners", looks, may)
		}
		if err := l.dismissing(func(context.Context) error { return nil })(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait(confirmDelay - time.Second)
		if n.count("open") > opened || n.count("keep") > looks {
			t.Errorf("%d openings and %d looks within %s", n.count("open")-opened, n.count("keep")-looks, confirmDelay)
		}
		wait(3 * time.Second)
		if n.count("open") != opened+1 {
			t.Errorf("listeners were opened %d times after the term was confirmed, want once", n.count("open")-opened)
		}
	})
}

func TestListenersThatCannotBeReachedAreReportedWhileTheyAreToBeOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		var unreachable atomic.Bool
		unreachable.Store(true)
		l, _, _ := start(t, n, func(l *loop) {
			l.prover.prove = func(context.Context) error {
				if unreachable.Load() {
					return errors.New("refused")
				}
				return nil
			}
		})
		go l.prover.run(t.Context())
		reported := func() bool {
			return slices.ContainsFunc(locked(n, &n.saved).Reasons, func(r string) bool { return strings.HasSuffix(r, "cannot connect: refused") })
		}
		wait(2*proofInterval + time.Second)
		if !reported() {
			t.Error("not reported")
		}
		unreachable.Store(false)
		wait(proofInterval + time.Second)
		if reported() {
			t.Error("reported though clients can connect")
		}
		unreachable.Store(true)
		wait(proofInterval + time.Second)
		n.set(func() { n.observation = observation(replication.ConditionBackup, false, "") })
		wait(time.Second)
		if reported() {
			t.Error("reported of a backup")
		}
	})
}

// A proof that fails because the listeners are closed on purpose says nothing.
func TestProofDuringWhichTheListenersAreClosedOnPurposeCountsForNothing(t *testing.T) {
	t.Parallel()
	p := &listenerProver{}
	p.prove = func(context.Context) error {
		p.serve(false)
		p.serve(true)
		return errors.New("refused")
	}
	p.serve(true)
	p.proveOnce(t.Context())
	if err := p.failure(); err != nil {
		t.Errorf("failure is %v", err)
	}
}
