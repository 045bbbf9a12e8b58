package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestMembersAreReviewedEachMinuteAtRestAndEachFiveSecondsWhileSomethingChanges(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, tt := range map[string]struct {
		reviewed, changed time.Duration
		unsettled         bool
		want              time.Duration
	}{
		"at rest":             {reviewed: 1000 * s, want: 1060 * s},
		"a backup is behind":  {reviewed: 1000 * s, unsettled: true, want: 1005 * s},
		"changed since":       {reviewed: 1000 * s, changed: 1030 * s, want: 1005 * s},
		"changed just before": {reviewed: 1000 * s, changed: 999 * s, want: 1005 * s},
		"changed so long before that a backup that missed it has said so": {reviewed: 1000 * s, changed: 985 * s, want: 1060 * s},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Unix(0, 0)
			var timer membersTimer
			if tt.changed != 0 {
				timer.changed(began.Add(tt.changed))
			}
			timer.reviewed(began.Add(tt.reviewed), !tt.unsettled)
			if due := timer.due().Sub(began); due != tt.want {
				t.Errorf("due %s after the beginning, want %s", due, tt.want)
			}
		})
	}
}

// A member is cut off after an hour without changes, and then rows are written. Until it is removed
// from the record it may lead without them.
func TestMemberThatIsCutOffAtRestIsRemovedAsSoonAfterTheNextChangeAsWithoutRest(t *testing.T) {
	t.Parallel()
	const bound = staleDelay + membersInterval + 2*membersInterval // it is seen late, and at the end of its grace
	record := replication.Record{Term: 4, TermID: "id4", Node: "node1", Members: []string{"node1", "node2", "node3"}}
	for offset := time.Duration(0); offset < membersRest; offset += time.Second {
		var timer membersTimer
		var m members
		now := time.Unix(0, 0)
		fresh := map[string]replication.Freshness{"node2": replication.FreshnessFresh, "node3": replication.FreshnessFresh}
		cutOff := map[string]replication.Freshness{"node2": replication.FreshnessStale, "node3": replication.FreshnessFresh}
		review := func(known map[string]replication.Freshness) bool {
			found := m.observe(now, record, known, true)
			timer.reviewed(now, m.allFresh(found))
			return found["node2"] == replication.FreshnessStale
		}
		for end := now.Add(time.Hour + offset); timer.due().Before(end); {
			if due := timer.due(); due.After(now) {
				now = due
			}
			review(fresh)
		}
		written := time.Unix(0, 0).Add(time.Hour + offset)
		now = written
		for removed := false; !removed; {
			if now.Sub(written) < 2*time.Second {
				timer.changed(now) // the beat
			}
			if !now.Before(timer.due()) {
				known := cutOff
				if now.Sub(written) < staleDelay {
					known = fresh
				}
				removed = review(known)
			}
			if now.Sub(written) > bound {
				t.Fatalf("a rest of %s: still a member %s after the change", time.Hour+offset, bound)
			}
			now = now.Add(500 * time.Millisecond)
		}
	}
}

func TestMembersAreSettledOnlyWhileEachNodeThatWasSeenInTheTermIsFresh(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var m members
	for _, s := range []struct {
		at    time.Duration
		term  string
		known []string // fresh nodes
		of    []string // the members in the record
		want  bool
	}{
		{term: "id4", of: []string{"node1", "node2", "node3"}, known: []string{"node2", "node3"}, want: true},
		{term: "id4", of: []string{"node1", "node2", "node3"}, known: []string{"node3"}},
		{term: "id4", of: []string{"node1", "node3"}, known: []string{"node3"}}, // node2 was removed, and may return
		{term: "id4", of: []string{"node1", "node3"}, known: []string{"node2", "node3"}, want: true},
		{term: "id5", of: []string{"node1", "node3"}, known: []string{"node3"}, want: true},
	} {
		known := map[string]replication.Freshness{}
		for _, node := range s.known {
			known[node] = replication.FreshnessFresh
		}
		record := replication.Record{TermID: s.term, Node: "node1", Members: s.of}
		if got := m.allFresh(m.observe(now.Add(s.at), record, known, true)); got != s.want {
			t.Errorf("%+v: settled %v", s, got)
		}
	}
}

func TestBeatAndSilenceOfTheServersAndAChangeOfTheClusterHaveTheMembersReviewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		marker := func(beat uint64) map[string]*replication.Marker {
			return map[string]*replication.Marker{"OVN_Northbound": {Term: 4, TermID: "id4", Beat: beat}}
		}
		n.markers = marker(1)
		l, changed, _ := start(t, n)
		woken := func() bool {
			select {
			case <-l.membersChanged:
				return true
			default:
				return false
			}
		}
		woken() // at first
		wait(time.Minute)
		if woken() {
			t.Error("the members are reviewed though nothing has changed")
		}
		for name, change := range map[string]func(){
			"a beat":    func() { n.set(func() { n.markers = marker(2) }) },
			"a silence": func() { n.set(func() { n.observation.Servers[0].Condition = replication.ConditionBusy }) },
			"a change":  func() { changed <- struct{}{} },
		} {
			change()
			wait(2 * observeInterval)
			if !woken() {
				t.Errorf("the members are not reviewed after %s", name)
			}
		}
	})
}
