package supervisor

import (
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
)

// A loss is the end of a session: an attempt that fails is none, nor is that a node follows another source.
func TestLostSessionsToASourceAreCounted(t *testing.T) {
	t.Parallel()
	const first, second = "tcp:192.0.2.1:6641", "tcp:192.0.2.2:6641"
	w := newSourceWatcher(nil, control.Unit{Server: ovsdbctl.Server{Database: ovsdbctl.Database{Name: northbound}}})
	w.follow(first)
	w.set(first, sourceState{reason: "connection refused"})
	if losses := sessionLosses([]*sourceWatcher{w}); losses != nil {
		t.Errorf("lost %+v without a session", losses)
	}
	for range 2 {
		w.set(first, sourceState{connected: true})
		w.set(first, sourceState{reason: "connection reset"})
		w.set(first, sourceState{reason: "connection refused"})
	}
	w.set(first, sourceState{connected: true})
	w.follow(second)
	w.set(first, sourceState{reason: "too late"})
	w.set(second, sourceState{reason: "connection refused"})
	lost := sessionLosses([]*sourceWatcher{w})[northbound]
	if lost.Count != 2 || lost.Reason != "connection reset" || lost.Last.IsZero() {
		t.Errorf("lost %+v, want 2 sessions", lost)
	}
}
