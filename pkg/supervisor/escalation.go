package supervisor

import (
	"context"
	"time"

	"ovndb-servers/pkg/replication"
)

const (
	// failedGrace is how long a server may be stopped or silent before it is reported.
	failedGrace = 3 * time.Second
	// escalateInterval is between two reports: each one interrupts the recovery that the
	// cluster has begun.
	escalateInterval = 2 * time.Minute
	// escalateRetry is the same after one that the cluster has refused.
	escalateRetry = 5 * time.Second
)

// escalation decides when the cluster is told that the instance on this node has failed.
type escalation struct {
	failing     spell // of a server, or of more
	escalatedAt time.Time
}

// due reports whether the cluster is to be told now, and then takes it for told. failing says
// that a server runs and does not work, lost that servers are down and are not restarted, or that
// the disk has failed for long.
func (e *escalation) due(now time.Time, failing, lost bool) bool {
	lasting := e.failing.observe(now, failing, failedGrace)
	if !lasting && !lost || now.Sub(e.escalatedAt) < escalateInterval {
		return false
	}
	e.escalatedAt = now
	return true
}

// refused takes note that the cluster was not told.
func (e *escalation) refused(now time.Time) {
	e.escalatedAt = now.Add(escalateRetry - escalateInterval)
}

// escalate tells the cluster of a failure that this node cannot repair.
func (l *loop) escalate(ctx context.Context, now time.Time, o replication.Observation, gaveUp, diskFailed bool) {
	e := replication.Escalation{Observation: o, GaveUp: gaveUp, DiskFailed: diskFailed}
	for _, r := range l.restarters {
		if database := r.unit.Name(); r.restarting(database) {
			e.Restarting = append(e.Restarting, database)
		}
	}
	failing := e.Failing()
	if !l.escalation.due(now, len(failing) > 0, e.Lost()) {
		return
	}
	l.log.WithField("servers", failing).WithField("disk", e.DiskLost()).Error("telling the cluster that this instance has failed")
	if err := l.node.Escalate(ctx); err != nil {
		l.log.WithError(err).Error("cannot tell the cluster that this instance has failed, trying again soon")
		l.escalation.refused(now)
	}
}
