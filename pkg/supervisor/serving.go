package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

// confirmDelay is how long the cluster may take to inform a node that comes back of a
// promotion that it missed. An answer that was asked for earlier does not confirm its term.
const confirmDelay = 2 * time.Second

// closedReport is how long an active node may serve no clients before its monitors say so.
const closedReport = time.Minute

// serving decides when the listeners of an active node are opened: at first, and after its
// process stood still or its cluster stack was gone.
//
// Monitors do not call the node degraded meanwhile. Pacemaker keeps a result that is not the
// expected one in the place of the recurring operation's; when the node joins the cluster
// again that is all there is of it, and the cancellation that comes before a demotion is
// waited for without result, for a minute and more (process_op_deletion in
// daemons/controld/controld_te_callbacks.c; seen with 3.0.0).
type serving struct {
	open bool // the listeners are known to be open
	// confirmFrom is from when on the cluster is asked whether the node still leads; zero if
	// nothing has called that into question.
	confirmFrom time.Time
}

// resume takes note that the listeners were closed, and that for a delay the cluster may not know
// yet whether the node still leads.
func (s *serving) resume(now time.Time, delay time.Duration) {
	s.open = false
	if from := now.Add(delay); from.After(s.confirmFrom) {
		s.confirmFrom = from
	}
}

// doubts reports whether the node's term is not confirmed by an answer of the cluster that was asked for at askedAt.
func (s *serving) doubts(askedAt time.Time) bool { return askedAt.Before(s.confirmFrom) }

// opened takes note that the listeners are open.
func (s *serving) opened() { s.open = true }

// due reports whether the listeners are to be opened now, or the cluster polled first, whose last
// answer was asked for at askedAt (zero if there was none).
func (s *serving) due(now, askedAt time.Time, o replication.Observation) (open, poll bool) {
	if s.doubts(askedAt) {
		return false, !now.Before(s.confirmFrom)
	}
	if s.open || askedAt.IsZero() || !o.HoldsTerm() {
		s.open = s.open && o.AllActive()
		return false, false
	}
	return true, false
}

// resume begins the time in which a node that stood still serves no clients.
func (l *loop) resume(now time.Time, frozenFor time.Duration) {
	l.log.WithField("still", frozenFor.Round(time.Millisecond)).
		Warn("this node stood still: serving clients again once it is certain that it still leads")
	l.serving.resume(now, confirmDelay)
	l.renewal.changed(now)
	l.poller.request()
}

// mayOpen reports whether listeners may be opened: nothing has called into question that this node leads. It may
// be called beside the loop.
func (l *loop) mayOpen() bool { return !l.dismissed.Load() && !l.doubted.Load() }

// serve opens the listeners of a node that leads, and returns the reason for the monitors where that has not been
// possible for long.
func (l *loop) serve(ctx context.Context, now time.Time, o replication.Observation) []string {
	if l.dismissed.Load() {
		l.serving.resume(now, confirmDelay)
		l.doubted.Store(true)
		l.dismissed.Store(false)
	}
	l.doubted.Store(l.serving.doubts(l.view.askedAt))
	open, poll := l.serving.due(now, l.view.askedAt, o)
	closed := "the cluster does not confirm that it still leads"
	switch {
	case poll:
		l.poller.request()
	case open:
		opened, err := l.node.OpenListeners(ctx, *o.Own, l.mayOpen)
		l.logFailure(now, logrus.ErrorLevel, err, "cannot open the listeners: this node leads and serves no clients")
		if opened {
			l.serving.opened()
		}
		if err != nil {
			closed = err.Error()
		}
	}
	if l.closed.observe(now, o.AllActive() && !o.Acting && !l.serving.open && !l.stackGone, closedReport) {
		return []string{"this node serves no clients: " + closed}
	}
	return nil
}
