package supervisor

import (
	"testing"
	"time"

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
		answered   time.Duration // 0 for never
		o          replication.Observation
		open, poll bool
	}
	for name, steps := range map[string][]step{
		"at first, when the cluster has answered": {
			{at: time.Second, o: leading},
			{at: 2 * time.Second, answered: 2 * time.Second, o: leading, open: true},
			{at: 3 * time.Second, answered: 2 * time.Second, o: leading},
		},
		"not on a node that does not lead": {
			{at: time.Second, answered: time.Second, o: over},
			{at: 2 * time.Second, answered: time.Second, o: unasked},
			{at: 3 * time.Second, answered: time.Second, o: backup},
		},
		"again after a time as a backup": {
			{at: time.Second, answered: time.Second, o: leading, open: true},
			{at: 2 * time.Second, answered: time.Second, o: backup},
			{at: 3 * time.Second, answered: time.Second, o: leading, open: true},
		},
		"not again after a moment without a term": {
			{at: time.Second, answered: time.Second, o: leading, open: true},
			{at: 2 * time.Second, answered: time.Second, o: observation(replication.ConditionActive, true, "")},
			{at: 3 * time.Second, answered: time.Second, o: leading},
		},
		"after a freeze, with an answer 2 s after it": {
			{at: time.Second, answered: time.Second, o: leading, open: true},
			{at: 10 * time.Second, resumed: true, answered: time.Second, o: leading},
			{at: 11 * time.Second, answered: 11 * time.Second, o: leading},
			{at: 12 * time.Second, answered: 11 * time.Second, o: leading, poll: true},
			{at: 13 * time.Second, answered: 12 * time.Second, o: leading, open: true},
			{at: 14 * time.Second, answered: 12 * time.Second, o: leading},
		},
		"not after a freeze in which the term ended": {
			{at: time.Second, answered: time.Second, o: leading, open: true},
			{at: 10 * time.Second, resumed: true, answered: time.Second, o: leading},
			{at: 12 * time.Second, answered: 12 * time.Second, o: over},
			{at: 13 * time.Second, answered: 12 * time.Second, o: backup},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s serving
			began := time.Unix(0, 0)
			for _, step := range steps {
				if step.resumed {
					s.resume(began.Add(step.at))
				}
				var answeredAt time.Time
				if step.answered != 0 {
					answeredAt = began.Add(step.answered)
				}
				open, poll := s.due(began.Add(step.at), answeredAt, step.o)
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

// observation returns that of a node both of whose servers are in a condition.
func observation(condition replication.Condition, promoted bool, term replication.TermState) replication.Observation {
	o := replication.Observation{Promoted: promoted, Term: term}
	for _, database := range []string{"OVN_Northbound", "OVN_Southbound"} {
		o.Servers = append(o.Servers, replication.ServerState{Database: database, Condition: condition})
	}
	return o
}
