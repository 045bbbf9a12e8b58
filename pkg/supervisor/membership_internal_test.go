package supervisor

import (
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestMemberIsRemovedWhenItHasBeenBehindOrAwayForEightSecondsAndIsOneAgainWhenFresh(t *testing.T) {
	t.Parallel()
	var (
		fresh = map[string]replication.Freshness{"node2": replication.FreshnessFresh, "node3": replication.FreshnessFresh}
		stale = map[string]replication.Freshness{"node2": replication.FreshnessStale, "node3": replication.FreshnessFresh}
		away  = map[string]replication.Freshness{"node3": replication.FreshnessFresh}
	)
	type step struct {
		at      time.Duration
		term    string // "id4" if empty
		known   map[string]replication.Freshness
		silent  bool // the servers here do not answer
		members string
	}
	for name, steps := range map[string][]step{
		"behind": {
			{at: 0, known: fresh, members: "node1,node2,node3"},
			{at: 60 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 67 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 68 * time.Second, known: stale, members: "node1,node3"},
			{at: 90 * time.Second, known: fresh, members: "node1,node2,node3"},
			{at: 91 * time.Second, known: stale, members: "node1,node2,node3"},
		},
		"behind for moments": {
			{at: 0, known: fresh, members: "node1,node2,node3"},
			{at: 60 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 65 * time.Second, known: fresh, members: "node1,node2,node3"},
			{at: 70 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 75 * time.Second, known: stale, members: "node1,node2,node3"},
		},
		"away": {
			{at: 0, known: fresh, members: "node1,node2,node3"},
			{at: 60 * time.Second, known: away, members: "node1,node2,node3"},
			{at: 68 * time.Second, known: away, members: "node1,node3"},
			{at: 80 * time.Second, known: stale, members: "node1,node3"},
			{at: 81 * time.Second, known: fresh, members: "node1,node2,node3"},
		},
		"behind at the beginning of the term": {
			{at: 0, known: stale, members: "node1,node2,node3"},
			{at: 19 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 20 * time.Second, known: stale, members: "node1,node3"},
			{at: 60 * time.Second, term: "id5", known: stale, members: "node1,node2,node3"},
			{at: 79 * time.Second, term: "id5", known: stale, members: "node1,node2,node3"},
			{at: 80 * time.Second, term: "id5", known: stale, members: "node1,node3"},
		},
		"behind while the servers of the active do not answer": {
			{at: 0, known: fresh, members: "node1,node2,node3"},
			{at: 60 * time.Second, known: stale, silent: true, members: "node1,node2,node3"},
			{at: 90 * time.Second, known: stale, silent: true, members: "node1,node2,node3"},
			{at: 91 * time.Second, known: stale, members: "node1,node2,node3"},
			{at: 110 * time.Second, known: stale, members: "node1,node3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m members
			record := replication.Record{Term: 4, Node: "node1", Members: []string{"node1", "node2", "node3"}}
			for _, s := range steps {
				if record.TermID = "id4"; s.term != "" {
					record.TermID = s.term
				}
				if s.term != "" && len(record.Members) == 2 && s.at == 60*time.Second {
					record.Members = []string{"node1", "node2", "node3"} // as its promotion has it
				}
				settled := m.observe(time.Unix(0, 0).Add(s.at), record, s.known, !s.silent)
				record = record.WithFreshness(settled)
				if got := strings.Join(record.Members, ","); got != s.members {
					t.Errorf("after %s: members %s, want %s", s.at, got, s.members)
				}
			}
		})
	}
}
