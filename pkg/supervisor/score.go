package supervisor

import (
	"context"
	"slices"
	"time"

	"ovndb-servers/pkg/replication"
)

const (
	// roleChangeQuiet is how long after a role change the supervisor leaves score and address
	// to the action that made it.
	roleChangeQuiet = 2 * time.Second
	// laggingGrace is how long a backup may fail to follow and keep its score.
	laggingGrace = 3 * time.Second
)

// publication is a promotion score as it was published, and the health that it is for.
type publication struct {
	change replication.ScoreChange
	health replication.Health
}

// score decides when the promotion score is published.
type score struct {
	published     publication
	publishedAt   time.Time // zero if none was
	active        bool      // the node was active when it was last decided
	roleChangedAt time.Time // when that changed
	lagging       spell     // the score is ScoreLagging
}

// due reports whether the score of a node with verdict v is to be published now: when it has
// changed, or may have been lost.
func (s *score) due(now time.Time, v replication.Verdict, change replication.ScoreChange, r renewal) bool {
	switch v.Health {
	case replication.HealthActive, replication.HealthBackup, replication.HealthBackupDegraded:
	case replication.HealthActiveDegraded, replication.HealthStopped, replication.HealthFailed, replication.HealthFailedActive:
		// A restart may be under way, which may lower the score, or it is the monitor's business.
		s.publishedAt = time.Time{}
		return false
	}
	settled := s.settled(now, v, change) // it takes note of the time also where nothing has changed
	same := !s.publishedAt.IsZero() && s.published == publication{change, v.Health}
	return settled && (!same || r.due(now, s.publishedAt, atRest(v)))
}

// atRest reports whether a node leads, or follows the one that does. While none leads, an election lowers
// and raises scores without a notice to the supervisor, which has to take that back.
func atRest(v replication.Verdict) bool {
	return v.Health == replication.HealthActive || v.Following && !v.Stale
}

// done takes note of a publication.
func (s *score) done(now time.Time, v replication.Verdict, change replication.ScoreChange) {
	s.published, s.publishedAt = publication{change, v.Health}, now
}

// settled reports whether a score has lasted long enough to be published. Whenever another
// node is promoted, a backup does not follow for a moment: a score that falls and rises again
// would make the cluster compute its transition twice. A score is cleared at once.
func (s *score) settled(now time.Time, v replication.Verdict, change replication.ScoreChange) bool {
	if active := v.Health == replication.HealthActive; active != s.active {
		s.active, s.roleChangedAt = active, now
	}
	if change.Clear {
		return true
	}
	lagging := !v.Stale && change.Score == replication.ScoreLagging
	lasting := s.lagging.observe(now, lagging, laggingGrace)
	return now.Sub(s.roleChangedAt) >= roleChangeQuiet && (!lagging || lasting)
}

func (l *loop) publish(ctx context.Context, now time.Time, o replication.Observation, v replication.Verdict) {
	change := replication.DecideScore(v, l.view.leader(), false)
	// While the source cannot be reached, it may have died: each change of a score would make the
	// cluster compute the promotion of another node again.
	lower := change.Score == replication.ScoreStale || change.Score == replication.ScoreLagging
	if lower && !change.Clear && !change.Keep && !l.sourceReachable(now) {
		return
	}
	judged := v
	if o.AllActive() && v.Health == replication.HealthActiveDegraded {
		judged.Health = replication.HealthActive // no server is restarted; a fault of ovn-northd's may last for days
	}
	if !l.view.known() || !l.score.due(now, judged, change, l.renewal) {
		return
	}
	done, err := l.node.Publish(ctx, v, l.view.leader())
	if done {
		l.score.done(now, judged, change)
	}
	if err != nil {
		l.renewal.changed(now) // which is tried again by it
	}
}

// sourceReachable reports whether this backup has its sessions to its source, or has been without one
// for so long that its score has to say so. When a machine dies, its sessions do not end at once, nor
// all at the same time.
func (l *loop) sourceReachable(now time.Time) bool {
	connected := slices.ContainsFunc(l.sources, func(w *sourceWatcher) bool { return w.state().connected })
	reachable := connected && !slices.ContainsFunc(l.sources, (*sourceWatcher).unreachable)
	lasting := l.unreachable.observe(now, !reachable, staleReportDelay)
	return reachable || lasting
}
