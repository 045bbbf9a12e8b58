package supervisor

import (
	"fmt"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// monitorWatch decides whether the cluster has lost the recurring monitor of this instance
// (docs/troubleshooting.md, "Of Pacemaker"). It counts the time in which this process was awake to
// see one come, so that neither a suspended machine nor a clock that jumps makes one late.
type monitorWatch struct {
	last control.LastMonitor
	// since is when the last one was seen first, or had to come at the earliest.
	since time.Time
	lost  bool
}

// observe takes note of the last monitor and reports whether the next one is lost. None has to come
// while excused: during an action, or where the cluster leaves the resource alone. It has to have
// said, well after the last monitor, that it does not: askedAt is when it was asked last.
func (w *monitorWatch) observe(now time.Time, last control.LastMonitor, excused bool, askedAt time.Time) (lost bool) {
	if w.since.IsZero() || excused || !last.At.Equal(w.last.At) {
		w.since = now
	}
	w.last = last
	patience := last.Patience()
	w.lost = last.Interval > 0 && now.Sub(w.since) >= patience && askedAt.Sub(w.since) >= patience/2
	return w.lost
}

// checkMonitors returns the problem for people if the cluster has lost the monitor; empty if it has
// not. It does nothing about that, and no monitor reports it: one that can has come.
func (l *loop) checkMonitors(now time.Time, o replication.Observation) string {
	before := l.monitors.lost
	excused := o.Acting || l.view.state.Unmanaged
	lost := l.monitors.observe(now, l.node.LastMonitor(), excused, l.view.askedAt)
	if before && !lost {
		l.log.Info("monitors of the cluster come again")
	}
	if !lost {
		return ""
	}
	problem := fmt.Sprintf("no monitor has come for more than %s: the cluster may have lost it, and would not see a failure here: %s",
		l.monitors.last.Patience(), l.cleanup)
	if !before {
		l.log.Warn(problem)
	}
	return problem
}
