package supervisor

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

const northbound, southbound = "OVN_Northbound", "OVN_Southbound"

func at(termID string, beat uint64) *replication.Marker {
	return &replication.Marker{Term: 4, TermID: termID, Active: "node1", Beat: beat}
}

func TestBackupIsStaleAfterThreeSecondsAndReportedAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	var (
		source      = sourceState{connected: true, marker: at("id4", 7)}
		unreachable = sourceState{reason: "connection refused"}
	)
	type step struct {
		after   time.Duration
		own     *replication.Marker
		source  sourceState
		stale   bool
		reasons []string
	}
	for name, steps := range map[string][]step{
		"behind by a beat": {
			{after: 0, own: at("id4", 6), source: source},
			{after: 2900 * time.Millisecond, own: at("id4", 6), source: source},
			{after: 3 * time.Second, own: at("id4", 6), source: source, stale: true},
			{after: 29 * time.Second, own: at("id4", 6), source: source, stale: true},
			{
				after: 30 * time.Second, own: at("id4", 6), source: source, stale: true,
				reasons: []string{"the OVN_Northbound data here is stale for 30s: it is at beat 6, and the promoted node at 7"},
			},
			{after: 31 * time.Second, own: at("id4", 7), source: source},
			{after: 32 * time.Second, own: at("id4", 6), source: source},
			{after: 34 * time.Second, own: at("id4", 6), source: source},
		},
		"behind for moments": {
			{after: 0, own: at("id4", 6), source: source},
			{after: 2 * time.Second, own: at("id4", 7), source: source},
			{after: 4 * time.Second, own: at("id4", 6), source: source},
			{after: 6 * time.Second, own: at("id4", 7), source: source},
		},
		"ahead of a source whose change has not been seen": {
			{after: 0, own: at("id4", 8), source: source},
			{after: time.Hour, own: at("id4", 8), source: source},
		},
		"of another term": {
			{after: 0, own: at("id3", 9), source: source},
			{after: 3 * time.Second, own: at("id3", 9), source: source, stale: true},
		},
		"without a term": {
			{after: 0, source: source},
			{
				after: 30 * time.Second, source: source, stale: true,
				reasons: []string{"the OVN_Northbound data here is stale for 30s: it is of no term, and the promoted node leads term 4 of node node1"},
			},
		},
		"of a source without a term": {
			{after: 0, own: at("id4", 7), source: sourceState{connected: true}},
			{after: 3 * time.Second, own: at("id4", 7), source: sourceState{connected: true}, stale: true},
		},
		"without a session": {
			{after: 0, own: at("id4", 7), source: source},
			{after: time.Second, own: at("id4", 7), source: unreachable},
			{after: 4 * time.Second, own: at("id4", 7), source: unreachable, stale: true},
			{
				after: 31 * time.Second, own: at("id4", 7), source: unreachable, stale: true,
				reasons: []string{"the OVN_Northbound data here is stale for 30s: it cannot reach the promoted node: connection refused"},
			},
			{after: 32 * time.Second, own: at("id4", 7), source: source},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f freshness
			for _, s := range steps {
				stale, reasons := f.observe(time.Unix(0, 0).Add(s.after),
					map[string]*replication.Marker{northbound: s.own, southbound: at("id4", 7)},
					map[string]sourceState{northbound: s.source, southbound: source})
				if stale != s.stale || !slices.Equal(reasons, s.reasons) {
					t.Errorf("after %s: stale %v, reasons %q, want %v, %q", s.after, stale, reasons, s.stale, s.reasons)
				}
			}
		})
	}
}

func TestFreshnessIsPublishedWhenItChangesAndEachHalfMinute(t *testing.T) {
	t.Parallel()
	var n freshnessNotice
	for _, tt := range []struct {
		at    time.Duration
		term  string
		fresh bool
		due   bool
	}{
		{at: 0, term: "id4", fresh: true, due: true},
		{at: time.Second, term: "id4", fresh: true},
		{at: 2 * time.Second, term: "id4", due: true},
		{at: 3 * time.Second, term: "id4", fresh: true, due: true},
		{at: 32 * time.Second, term: "id4", fresh: true},
		{at: 33 * time.Second, term: "id4", fresh: true, due: true},
		{at: 34 * time.Second, term: "id5", fresh: true, due: true},
		{at: 35 * time.Second, term: "id5", fresh: true},
	} {
		now := time.Unix(0, 0).Add(tt.at)
		if due := n.due(now, tt.term, tt.fresh, renewal{}); due != tt.due {
			t.Errorf("after %s: due %v, want %v", tt.at, due, tt.due)
		}
		if tt.due {
			n.done(now, tt.term, tt.fresh)
		}
	}
}

// startWatching runs the loop on a backup that compares itself with its sources, which the test
// sets.
func startWatching(t *testing.T, n *fakeNode) *loop {
	t.Helper()
	n.markers = map[string]*replication.Marker{northbound: at("id4", 7), southbound: at("id4", 7)}
	l, _, _ := start(t, n, func(l *loop) {
		for _, database := range []string{northbound, southbound} {
			u := control.Unit{Server: ovsdbctl.Server{Database: ovsdbctl.Database{Name: database}}}
			l.sources = append(l.sources, newSourceWatcher(nil, u))
		}
	})
	return l
}

func (l *loop) see(state sourceState) {
	for _, w := range l.sources {
		w.set(w.current(), state)
	}
}

func TestBackupPublishesThatItIsFreshOrBehindAndNothingThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		happen func(l *loop, n *fakeNode)
		want   []string
	}{
		{name: "as fresh as the promoted node", happen: func(*loop, *fakeNode) {}, want: []string{"id4 true"}},
		{
			name: "behind",
			happen: func(l *loop, _ *fakeNode) {
				l.see(sourceState{connected: true, marker: at("id4", 8)})
				wait(2 * time.Second)
				l.see(sourceState{connected: true, marker: at("id4", 7)})
				wait(2 * time.Second)
				l.see(sourceState{connected: true, marker: at("id4", 8)})
				wait(4 * time.Second)
			},
			want: []string{"id4 true", "id4 false"},
		},
		{
			name: "cut off from it",
			happen: func(l *loop, _ *fakeNode) {
				l.see(sourceState{reason: "no answer"})
				wait(4 * time.Second)
			},
			want: []string{"id4 true", "id4 false"},
		},
		{
			name: "with one server that has stopped",
			happen: func(_ *loop, n *fakeNode) {
				n.set(func() { n.observation.Servers[1].Condition = replication.ConditionFailed })
				wait(4 * time.Second)
			},
			want: []string{"id4 true", "id4 false"},
		},
		{
			name: "with one server that follows another one",
			happen: func(_ *loop, n *fakeNode) {
				n.set(func() { n.observation.Servers[1].Source = "tcp:192.0.2.9:6641" })
				wait(4 * time.Second)
			},
			want: []string{"id4 true", "id4 false"},
		},
		{
			name: "with a disk that takes no writes",
			happen: func(l *loop, _ *fakeNode) {
				l.disk.ended(errors.New("no space left on device"))
				wait(time.Second)
				l.disk.ended(nil)
				wait(time.Second)
			},
			want: []string{"id4 true", "id4 false", "id4 true"},
		},
		{
			name: "following into the next term",
			happen: func(l *loop, n *fakeNode) {
				l.see(sourceState{connected: true, marker: at("id5", 2)})
				wait(time.Second)
				n.set(func() { n.markers = map[string]*replication.Marker{northbound: at("id5", 2), southbound: at("id5", 2)} })
				wait(time.Second)
			},
			want: []string{"id4 true", "id5 true"},
		},
		{
			name: "promoted itself",
			happen: func(_ *loop, n *fakeNode) {
				n.set(func() { n.observation = observation(replication.ConditionActive, true, "") })
				wait(time.Minute)
			},
			want: []string{"id4 true"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newBackup()
				l := startWatching(t, n)
				if got := locked(n, &n.freshness); len(got) > 0 {
					t.Errorf("published %q before a session", got)
				}
				l.see(sourceState{connected: true, marker: at("id4", 7)})
				wait(time.Second)
				tt.happen(l, n)
				if got := locked(n, &n.freshness); !slices.Equal(got, tt.want) {
					t.Errorf("published %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestBackupThatNeverReachedThePromotedNodePublishesThatItIsBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		startWatching(t, n)
		wait(4 * time.Second)
		if got := locked(n, &n.freshness); !slices.Equal(got, []string{"unknown false"}) {
			t.Errorf("published %q", got)
		}
	})
}

func TestSavedStateSaysSinceWhenABackupIsBehindUntilItIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		began := time.Now()
		l := startWatching(t, n)
		wait(40 * time.Second)
		since := locked(n, &n.saved).BehindSince
		if len(since) != 2 || since[northbound].Sub(began) > 2*time.Second || since[southbound].Sub(began) > 2*time.Second {
			t.Errorf("without a session for 40 s it is behind since %v, want since %v", since, began)
		}
		l.see(sourceState{connected: true, marker: at("id4", 7)})
		wait(time.Second)
		if since := locked(n, &n.saved).BehindSince; len(since) > 0 {
			t.Errorf("it is fresh, and behind since %v", since)
		}
	})
}
