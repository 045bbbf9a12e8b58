package supervisor

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestClusterIsToldOfAFailureOnceItLastsAndThenEachTwoMinutes(t *testing.T) {
	t.Parallel()
	type step struct {
		at            time.Duration
		failing, lost bool
		due           bool
	}
	for name, steps := range map[string][]step{
		"a server that fails for 3 s": {
			{at: 0, failing: true},
			{at: 2900 * time.Millisecond, failing: true},
			{at: 3 * time.Second, failing: true, due: true},
			{at: 4 * time.Second, failing: true},
			{at: 122 * time.Second, failing: true},
			{at: 123 * time.Second, failing: true, due: true},
		},
		"not a server that works again after 2 s": {
			{at: 0, failing: true},
			{at: 2 * time.Second},
			{at: 4 * time.Second, failing: true},
			{at: 6 * time.Second, failing: true},
			{at: 7 * time.Second, failing: true, due: true},
		},
		"a server that is not restarted any more at once": {
			{at: 0},
			{at: time.Second, lost: true, due: true},
			{at: 2 * time.Second, lost: true},
			{at: 121 * time.Second, lost: true, due: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e escalation
			for _, s := range steps {
				if due := e.due(time.Unix(0, 0).Add(s.at), s.failing, s.lost); due != s.due {
					t.Errorf("after %s: due %v, want %v", s.at, due, s.due)
				}
			}
		})
	}
}

// From an active whose server fails, and a cluster that refuses to be told, as while a daemon of Pacemaker's is
// restarted: of a disk that fails no monitor tells it either.
func TestFailureOfWhichTheClusterCannotBeToldIsToldAgainSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		start(t, n)
		n.set(func() {
			n.escalateErr = errors.New("connection refused")
			n.observation.Servers[0].Condition = replication.ConditionFailed
		})
		wait(failedGrace + 2*observeInterval)
		if told := n.count("escalate"); told != 1 {
			t.Fatalf("the cluster was told %d times", told)
		}
		n.set(func() { n.escalateErr = nil })
		wait(escalateRetry)
		if told := n.count("escalate"); told != 2 {
			t.Errorf("the cluster was told %d times, want once more", told)
		}
		wait(time.Minute)
		if told := n.count("escalate"); told != 2 {
			t.Errorf("the cluster was told %d times, and knows it", told)
		}
	})
}
