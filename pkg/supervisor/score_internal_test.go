package supervisor

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestScoreIsPublishedWhenItHasLastedAndRemovedAtOnce(t *testing.T) {
	t.Parallel()
	var (
		active     = replication.Verdict{Health: replication.HealthActive, Term: 3}
		restarting = replication.Verdict{Health: replication.HealthActiveDegraded, Term: 3}
		failed     = replication.Verdict{Health: replication.HealthFailed}
		following  = replication.Verdict{Health: replication.HealthBackup, Following: true}
		degraded   = replication.Verdict{Health: replication.HealthBackupDegraded, Following: true}
		lagging    = replication.Verdict{Health: replication.HealthBackup}
		stale      = replication.Verdict{Health: replication.HealthBackup, Following: true, Stale: true}
		staleLong  = replication.Verdict{Health: replication.HealthBackup, Stale: true}
		over       = replication.Verdict{Health: replication.HealthBackupDegraded, Over: true}
	)
	type step struct {
		at  time.Duration
		v   replication.Verdict
		due bool
	}
	for name, steps := range map[string][]step{
		"a backup's at once, and each 30 s": {
			{at: 0, v: following, due: true},
			{at: 29 * time.Second, v: following},
			{at: 30 * time.Second, v: following, due: true},
			{at: 59 * time.Second, v: following},
		},
		"an active node's 2 s after its promotion": {
			{at: 0, v: following, due: true},
			{at: 10 * time.Second, v: active},
			{at: 11 * time.Second, v: active},
			{at: 12 * time.Second, v: active, due: true},
			{at: 13 * time.Second, v: active},
		},
		"a backup's 2 s after its demotion": {
			{at: 0, v: active},
			{at: 2 * time.Second, v: active, due: true},
			{at: 10 * time.Second, v: following},
			{at: 12 * time.Second, v: following, due: true},
		},
		"a backup's that does not follow for 3 s": {
			{at: 0, v: following, due: true},
			{at: 10 * time.Second, v: lagging},
			{at: 12 * time.Second, v: lagging},
			{at: 13 * time.Second, v: lagging, due: true},
			{at: 14 * time.Second, v: following, due: true},
			{at: 20 * time.Second, v: lagging},
		},
		"not a backup's that does not follow for a moment": {
			{at: 0, v: following, due: true},
			{at: 10 * time.Second, v: lagging},
			{at: 12 * time.Second, v: following},
			{at: 20 * time.Second, v: lagging},
			{at: 22 * time.Second, v: lagging},
			{at: 23 * time.Second, v: lagging, due: true},
		},
		"a stale backup's at once": {
			{at: 0, v: following, due: true},
			{at: 10 * time.Second, v: stale, due: true},
			{at: 40 * time.Second, v: staleLong, due: true},
			{at: 41 * time.Second, v: following, due: true},
		},
		"its removal at once, also after a role change": {
			{at: 0, v: active},
			{at: 2 * time.Second, v: active, due: true},
			{at: 3 * time.Second, v: over, due: true},
		},
		"for another health": {
			{at: 0, v: following, due: true},
			{at: time.Second, v: degraded, due: true},
		},
		"none of servers that are restarted or have failed": {
			{at: 0, v: restarting},
			{at: 10 * time.Second, v: restarting},
			{at: 20 * time.Second, v: failed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s score
			for _, step := range steps {
				now := time.Unix(0, 0).Add(step.at)
				change := replication.DecideScore(step.v, replication.Leader{Node: "node1"}, false)
				due := s.due(now, step.v, change, renewal{})
				if due != step.due {
					t.Errorf("after %s: due %v, want %v", step.at, due, step.due)
				}
				if due {
					s.done(now, step.v, change)
				}
			}
		})
	}
}

// Publish refuses while another action is under way.
func TestScoreThatCouldNotBePublishedIsDueAgain(t *testing.T) {
	t.Parallel()
	var s score
	v := replication.Verdict{Health: replication.HealthBackup, Following: true}
	change := replication.DecideScore(v, replication.Leader{Node: "node1"}, false)
	for range 2 {
		if !s.due(time.Unix(0, 0), v, change, renewal{}) {
			t.Error("the score is not due")
		}
	}
}

// Each change of a score makes Pacemaker begin again with the promotion that is under way.
func TestBackupKeepsItsScoreWhileTheDeadPromotedNodesSessionsEndOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		lost  int // of its two sessions
		after time.Duration
		want  []replication.Score
	}{
		{"one session is lost", 1, 29 * time.Second, []replication.Score{replication.ScoreFollowing}},
		{"both are lost", 2, 29 * time.Second, []replication.Score{replication.ScoreFollowing}},
		{
			"one is lost for long", 1, 36 * time.Second,
			[]replication.Score{replication.ScoreFollowing, replication.ScoreLagging},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newBackup()
				l := startWatching(t, n)
				l.see(sourceState{connected: true, marker: at("id4", 7)})
				wait(5 * time.Second)
				for _, w := range l.sources[:tt.lost] {
					w.set(w.current(), sourceState{reason: "connection reset by peer"})
				}
				wait(tt.after)
				if got := locked(n, &n.scores); !slices.Equal(got, tt.want) {
					t.Errorf("published the scores %v, want %v", got, tt.want)
				}
			})
		})
	}
}
