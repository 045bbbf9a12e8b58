package supervisor

import (
	"testing"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestAnswerAskedForBeforeThePromotionOfThisNodeIsOutdated(t *testing.T) {
	t.Parallel()
	began := time.Unix(0, 0)
	own := func(term string, recorded bool) *replication.OwnTerm {
		return &replication.OwnTerm{Record: replication.Record{TermID: term}, Recorded: recorded}
	}
	var v ownTermView
	for _, tt := range []struct {
		name         string
		now, askedAt time.Duration
		own          *replication.OwnTerm
		outdated     bool
	}{
		{name: "a node that leads no term", now: time.Second, askedAt: 0},
		{name: "a promotion that is not recorded yet", now: 2 * time.Second, askedAt: 0, own: own("id4", false)},
		{name: "a promotion since", now: 3 * time.Second, askedAt: 0, own: own("id4", true), outdated: true},
		{name: "still", now: 9 * time.Second, askedAt: 2 * time.Second, own: own("id4", true), outdated: true},
		{name: "asked for afterwards", now: 9 * time.Second, askedAt: 3 * time.Second, own: own("id4", true)},
		{name: "the next promotion", now: 20 * time.Second, askedAt: 19 * time.Second, own: own("id5", true), outdated: true},
		{name: "a demotion", now: 21 * time.Second, askedAt: 19 * time.Second},
		{name: "the same promotion seen again", now: 22 * time.Second, askedAt: 21 * time.Second, own: own("id5", true), outdated: true},
	} {
		if outdated := v.outdated(began.Add(tt.now), began.Add(tt.askedAt), tt.own); outdated != tt.outdated {
			t.Errorf("%s: outdated %v, want %v", tt.name, outdated, tt.outdated)
		}
	}
}
