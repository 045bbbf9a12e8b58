package supervisor

import (
	"context"
	"slices"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// How often the cluster is asked again, told again, and repairs are tried again.
const (
	// reviewInterval is for what the cluster may have forgotten, or has not told.
	reviewInterval = 30 * time.Second
	// leaderlessInterval is for a node without a promoted node to follow, in the first
	// leaderlessMost of that; later it is leaderlessSlow.
	leaderlessInterval = time.Second
	leaderlessEager     = time.Minute
	leaderlessSlow     = 10 * time.Second
	// repairInterval is for repairs that did not help, but for those that make a server
	// read-only: they do not wait.
	repairInterval = 2 * time.Second
	// changeMost is how long after a change a node that is not promoted asks about it.
	changeDelay = 2 * time.Second
	// promotedMost is for how long after a promotion or demotion all is said.
	roleChangeQuiet = 2 * time.Second
	// laggingMost is for how long a backup may not follow and keep its score.
	laggingGrace = 3 * time.Second
	// failedMost is how long a server may be stopped or mute before the cluster is told.
	failedGrace = 3 * time.Second
	// escalateInterval is for telling the cluster again. Each time interrupts what it does
	// about it.
	escalateInterval = 2 * time.Minute
)

// rounds is what the supervisor remembers from one look to the next.
type rounds struct {
	*Supervisor

	restarters  []*restarter
	poller *clusterPoller
	freeze   *freezeDetector

	known     control.SupervisorState
	informed  bool // known has been learnt
	freshness freshness
	stale     bool

	asked, leaderless  time.Time
	inquiry            time.Time // when to ask because of a change; zero for not at all
	unheeded           bool      // a change came while an action was under way
	leading            bool      // all servers were seen active last
	turned             time.Time // when that changed
	beaten             time.Time
	repaired           time.Time
	failing, escalated time.Time
	lagging            time.Time
	// serving says that the listeners are known to be open; thawedAt is when the node
	// came back from standing still, until it serves again.
	serving              bool
	learntAt, thawedAt   time.Time
	published            replication.ScoreChange
	publishedAt          time.Time
	publishedFor, logged string
	publishedAny         bool
}

func (r *rounds) learn(k control.SupervisorState) {
	r.known, r.informed, r.learntAt = k, true, time.Now()
	r.asked = r.learntAt
	r.adopt() // it may have been asked for before the promotion
}

// change takes note that something has changed in the cluster, or that an action has
// ended. A node that was promoted has to know at once whether it still is. The others are
// told, and have enough to do at that moment. What an action has left to do is done.
func (r *rounds) change(ctx context.Context) {
	if r.Controller.Promoted() {
		r.heed(ctx)
		return
	}
	r.inquire(changeDelay)
	r.runErrand(ctx)
}

// inquire lets the cluster be asked after a while, or earlier.
func (r *rounds) inquire(after time.Duration) {
	at := time.Now().Add(after)
	if r.inquiry.IsZero() || at.Before(r.inquiry) {
		r.inquiry = at
	}
}

func (r *rounds) runErrand(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	leader, err := r.Controller.FollowPending(ctx)
	switch {
	case err != nil:
		r.Log.WithError(err).Warn("cannot follow the node that was promoted, trying again soon")
		r.inquire(0)
	case leader.Node != "":
		r.known.Leader = leader
	}
}

// look looks at the servers once and does what is due.
func (r *rounds) look(ctx context.Context) {
	looking, cancel := context.WithTimeout(ctx, observeTimeout)
	o, v, err := r.Controller.Tend(looking, r.known)
	cancel()
	if err != nil { // what the cluster said cannot be read: nothing follows from it
		if err.Error() != r.logged {
			r.logged = err.Error()
			r.Log.WithError(err).Error("cannot judge the servers of this node")
		}
		return
	}
	r.remember(o)
	ctx, cancel = context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if r.repairDue(v) {
		o, v = r.repair(ctx)
	}
	now := time.Now()
	stale, late := r.freshness.see(now, o, r.BeatInterval)
	if stale != r.stale {
		r.stale = stale
		r.Log.WithField("stale", stale).Info("whether the beats of the promoted node come")
	}
	r.beat(ctx, now, o)
	v.Stale, v.Following = stale, v.Following && len(late) == 0
	r.publish(ctx, now, v, stale)
	r.askAgain(now, o)
	reasons, beyond := faults(r.restarters)
	r.escalate(ctx, now, o, beyond)
	r.serveAgain(ctx, now, o)
	r.keep(o, append(reasons, late...), beyond)
}

// remember keeps how far the data of each server has come, for the case that it dies.
func (r *rounds) remember(o replication.Observation) {
	for i, s := range o.Servers {
		if s.Marker != nil {
			r.restarters[i].seen.Store(s.Marker)
		}
	}
}

// keep leaves what is known for the monitors.
func (r *rounds) keep(o replication.Observation, reasons []string, beyond bool) {
	if !r.informed {
		return
	}
	k := r.known
	k.Config, k.Term, k.Reasons, k.GaveUp = r.Controller.Supervision.Config, o.Term, reasons, beyond
	if err := r.Controller.SaveSupervisorState(k); err != nil {
		r.Log.WithError(err).Warn("monitors have to ask the cluster themselves")
	}
}

// repairDue reports whether there is something to repair, and not just tried in vain.
func (r *rounds) repairDue(v replication.Verdict) bool {
	if !r.informed || len(v.Repairs) == 0 {
		return false
	}
	for _, repair := range v.Repairs {
		if repair.Kind == replication.RepairPark {
			return true
		}
	}
	return time.Since(r.repaired) >= repairInterval
}

func (r *rounds) repair(ctx context.Context) (replication.Observation, replication.Verdict) {
	o, v := r.Controller.Repair(ctx)
	r.repaired = time.Now()
	if reason := v.Reason(); reason != r.logged {
		r.logged = reason
		r.Log.WithField("reason", reason).Warn("the servers of this node needed a repair")
	}
	return o, v
}

// beat counts up the beat of an active node that holds the term.
func (r *rounds) beat(ctx context.Context, now time.Time, o replication.Observation) {
	if !o.AllActive() || o.Term != replication.TermHeld || now.Sub(r.beaten) < r.BeatInterval-observeInterval/2 {
		return
	}
	r.beaten = now
	if err := r.Controller.Beat(ctx); err != nil {
		r.Log.WithError(err).Warn("the backups cannot see that this node's data is fresh")
	}
}

// publish tells the cluster this node's promotion score when it has changed, and now
// and then in case that it was forgotten.
func (r *rounds) publish(ctx context.Context, now time.Time, v replication.Verdict, stale bool) {
	switch v.Health {
	case replication.HealthActive, replication.HealthBackup, replication.HealthBackupDegraded:
	case replication.HealthActiveDegraded, replication.HealthStopped, replication.HealthFailed, replication.HealthFailedActive:
		return // a restart is under way, or the monitor's business
	}
	change := replication.Score(v, r.known.Leader)
	same := r.publishedAny && change == r.published && string(v.Health) == r.publishedFor
	if !r.informed || same && now.Sub(r.publishedAt) < reviewInterval || !r.settled(now, v, change, stale) {
		return
	}
	if r.Controller.Publish(ctx, v, r.known.Leader) {
		r.published, r.publishedFor, r.publishedAt, r.publishedAny = change, string(v.Health), now, true
	}
}

// settled reports whether a score is to be set now. A backup does not follow for a moment
// whenever another node is promoted: a score that falls and rises again would only make
// the cluster compute its transitions anew. And what promotes or demotes a node sets its
// score. One that must go goes at once.
func (r *rounds) settled(now time.Time, v replication.Verdict, change replication.ScoreChange, stale bool) bool {
	if leading := v.Health == replication.HealthActive; leading != r.leading {
		r.leading, r.turned = leading, now
	}
	if change.Clear {
		return true
	}
	lagging := !stale && change.Score == replication.ScoreLagging
	switch {
	case !lagging:
		r.lagging = time.Time{}
	case r.lagging.IsZero():
		r.lagging = now
	}
	return now.Sub(r.turned) >= roleChangeQuiet && (!lagging || now.Sub(r.lagging) >= laggingGrace)
}

// askAgain lets the cluster be asked, often while no node leads.
func (r *rounds) askAgain(now time.Time, o replication.Observation) {
	interval := reviewInterval
	switch {
	case !o.All(replication.ConditionBackup) || r.known.Leader.Node != "":
		r.leaderless = time.Time{}
	case r.leaderless.IsZero():
		r.leaderless = now
		interval = leaderlessInterval
	case now.Sub(r.leaderless) < leaderlessEager:
		interval = leaderlessInterval
	default:
		interval = leaderlessSlow
	}
	if now.Sub(r.asked) >= interval || !r.inquiry.IsZero() && !now.Before(r.inquiry) {
		r.asked, r.inquiry = now, time.Time{}
		r.poller.ask()
	}
}

// wake makes active servers listen on an address that has come.
func (r *rounds) wake(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	if err := r.Controller.RetryListeners(ctx); err != nil {
		r.Log.WithError(err).Debug("a server listens late on an address that has come")
	}
}

// escalate tells the cluster of what cannot be mended here, once it has lasted.
func (r *rounds) escalate(ctx context.Context, now time.Time, o replication.Observation, beyond bool) {
	failed := slices.DeleteFunc(o.Failed(), func(database string) bool {
		return slices.ContainsFunc(r.restarters, func(g *restarter) bool { return g.restarting(database) })
	})
	switch {
	case len(failed) == 0:
		r.failing = time.Time{}
	case r.failing.IsZero():
		r.failing = now
	}
	lasting := !r.failing.IsZero() && now.Sub(r.failing) >= failedGrace
	lost := beyond && (o.Broken() || o.Promoted && !o.AllActive())
	if !lasting && !lost || now.Sub(r.escalated) < escalateInterval {
		return
	}
	r.escalated = now
	r.Log.WithField("servers", failed).Error("telling the cluster that this instance has failed")
	if err := r.Controller.Escalate(ctx); err != nil {
		r.Log.WithError(err).Error("the cluster learns of it with its next monitor")
	}
}
