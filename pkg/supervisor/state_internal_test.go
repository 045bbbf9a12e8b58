package supervisor

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestStateIsPublishedOnceItHasLastedWithoutAnActionAndThenOnlyWhenItChanges(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_700_000_000, 0)
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	for _, tt := range []struct {
		name  string
		steps []struct {
			at     float64
			state  replication.State
			acting bool
			want   bool
		}
	}{
		{"active, and then at rest", []struct {
			at     float64
			state  replication.State
			acting bool
			want   bool
		}{
			{0, replication.StateActive, false, false},
			{4.9, replication.StateActive, false, false},
			{5, replication.StateActive, false, true},
			{60, replication.StateActive, false, false},
			{3600, replication.StateActive, false, false},
		}},
		{"an action begins the time again", []struct {
			at     float64
			state  replication.State
			acting bool
			want   bool
		}{
			{0, replication.StateActive, true, false},
			{9, replication.StateActive, true, false},
			{13.9, replication.StateActive, false, false},
			{14, replication.StateActive, false, true},
		}},
		{"what all backups pass through when the active dies", []struct {
			at     float64
			state  replication.State
			acting bool
			want   bool
		}{
			{0, replication.StateFresh, false, false},
			{5, replication.StateFresh, false, true},
			{10, replication.StateStale, false, false},
			{20, replication.StateParked, false, false},
			{30, replication.StateFresh, false, false},
			{60, replication.StateFresh, false, false},
			{61, replication.StateStale, false, false},
			{91, replication.StateStale, false, true},
		}},
	} {
		var n stateNotice
		for _, step := range tt.steps {
			if got := n.due(at(step.at), step.state, step.acting, renewal{}); got != step.want {
				t.Errorf("%s: %s after %g s is due: %v, want %v", tt.name, step.state, step.at, got, step.want)
			}
		}
	}
}

// At rest no program may be run for it.
func TestStateOfABackupAtRestIsPublishedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		start(t, n)
		wait(time.Hour)
		if got := locked(n, &n.states); len(got) != 1 {
			t.Errorf("the states %v were published within an hour, want one", got)
		}
	})
}

func TestStateThatCannotBePublishedIsTriedAgainAndStopsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.stateErr = errors.New("refused")
		start(t, n)
		wait(10 * time.Second)
		saves := n.count("save")
		if got := locked(n, &n.states); !slices.Equal(got, []replication.State{replication.StateActive}) {
			t.Fatalf("%v was to be published, want ACTIVE", got)
		}
		n.set(func() { n.stateErr = nil })
		wait(stateRetry)
		if got := locked(n, &n.states); len(got) != 2 {
			t.Errorf("%v was to be published, want one more attempt", got)
		}
		if n.count("save") == saves {
			t.Error("the loop did not go on")
		}
		wait(time.Hour)
		if got := locked(n, &n.states); len(got) != 2 {
			t.Errorf("%v was to be published after it had been", got)
		}
	})
}
