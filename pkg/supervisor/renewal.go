package supervisor

import (
	"context"
	"slices"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	// renewInterval is between two publications of the same value for renewTime after a daemon of
	// Pacemaker was restarted: the CIB loses the score some time after that, and takes it again once
	// the node is back in the cluster.
	renewInterval = 2 * time.Second
	renewTime     = 20 * time.Second
	// restRenewal is between two publications of the same value where each loss is announced but that
	// by hand (attrd_updater --delete, crm_attribute --delete): the value of a node attribute is in the
	// memory of the attribute manager and in the CIB's status section, of which no file changes.
	restRenewal = 5 * time.Minute
)

// renewal decides when a value that this node has published is published again though it is the
// same: the cluster may have lost it.
//
// The attribute manager forgets all values of this node with its end, on all nodes: a new one refuses
// what the others have (attrd_cib_init in daemons/attrd/attrd_cib.c of Pacemaker 3.0). It ends with
// the CIB manager as well. The controller's end has those in the CIB removed. Each such end is seen
// by a pidfd. All else comes with a write of cib.xml on each node: a node that is counted out and
// returns, as the CIB is replaced when a node joins (finalize_join in controld_join_dc.c; a
// replacement is always written to disk), crm_node --remove, a CIB that is loaded.
type renewal struct {
	// announced says that these events can be noticed here.
	announced bool
	// lostAt is when the values may have been lost last: those that were published before are due.
	lostAt time.Time
	// until is until when values are renewed each renewInterval.
	until time.Time
	// changedAt is when the cluster has changed last, and again when values are next renewed for that;
	// zero for never.
	changedAt, again time.Time
}

// lost takes note that a daemon of Pacemaker's, with which values are lost, runs again.
func (r *renewal) lost(now time.Time) {
	r.lostAt, r.until, r.again = now, now.Add(renewTime), now.Add(renewTime+reviewInterval)
}

// missing takes note that the cluster was found without a value of this node.
func (r *renewal) missing(now time.Time) { r.lostAt = now }

// changed takes note of a change in the cluster, with which values may have been lost, or may soon
// be. They are renewed reviewInterval later: while roles move, each program delays Pacemaker.
func (r *renewal) changed(now time.Time) {
	r.changedAt = now
	if r.again.IsZero() {
		r.again = now.Add(reviewInterval)
	}
}

// begin begins the renewal that is due now, and reports whether one was. A later change than the one
// that it is for has another one follow.
func (r *renewal) begin(now time.Time) bool {
	if r.again.IsZero() || now.Before(r.again) {
		return false
	}
	r.lostAt, r.again = now, time.Time{}
	if next := r.changedAt.Add(reviewInterval); next.After(now) {
		r.again = next
	}
	return true
}

// due reports whether a value that was published at a time, and is the same, is to be published again.
// AtRest says that no action, and no other node, may have set it since without notice.
func (r *renewal) due(now, publishedAt time.Time, atRest bool) bool {
	age := now.Sub(publishedAt)
	switch {
	case r.outdated(publishedAt), now.Before(r.until):
		return age >= renewInterval
	case r.announced && atRest:
		return age >= restRenewal
	default:
		return age >= reviewInterval
	}
}

// outdated reports whether a value that was published at a time may have been lost since.
func (r *renewal) outdated(publishedAt time.Time) bool { return publishedAt.Before(r.lostAt) }

// renew finds out whether what this node has published may have been lost.
func (l *loop) renew(ctx context.Context, now time.Time) {
	l.renewal.announced = l.lossesAnnounced()
	l.schemas.announced.Store(l.renewal.announced)
	lost := l.stackChanged()
	if lost {
		l.renewal.lost(now)
	}
	if l.renewal.begin(now) || lost {
		signal(l.schemas.lost)
	}
	l.renewPosition(ctx, now)
}

// renewPosition has the position published again that an action has published, if it may have been lost. Nothing
// is lost for long that a person has deleted: each election asks for another one.
func (l *loop) renewPosition(ctx context.Context, now time.Time) {
	if !l.renewal.outdated(l.positionAt) {
		return
	}
	l.positionAt = now
	err := l.node.RenewPosition(ctx)
	l.logFailure(now, logrus.WarnLevel, err, "the other nodes may not know what this node holds, and that its servers run")
	if err != nil {
		l.renewal.changed(now) // which is tried again by it
	}
}

// lossesAnnounced reports whether the losses of values that no person makes are noticed: cib.xml follows
// the CIB, and all parts of the cluster stack are watched. A node of Pacemaker Remote has neither.
func (l *loop) lossesAnnounced() bool {
	unseen := func(w *stackWatcher) bool { return !w.seen.Load() }
	return l.polling.watched && !l.polling.remote && len(l.stack) > 0 && !slices.ContainsFunc(l.stack, unseen)
}
