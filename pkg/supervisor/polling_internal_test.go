package supervisor

import (
	"testing"
	"time"
)

func TestClusterIsPolledAfterEachIntervalAndEarlierOnRequest(t *testing.T) {
	t.Parallel()
	type step struct {
		at         time.Duration
		request    time.Duration // for when a poll is requested before; 0 for none
		answered   bool
		leaderless bool
		due        bool
	}
	for name, steps := range map[string][]step{
		"at first, and then each 30 s": {
			{at: 0, due: true},
			{at: 29 * time.Second},
			{at: 30 * time.Second, due: true},
			{at: 59 * time.Second},
			{at: 60 * time.Second, due: true},
		},
		"30 s after the last answer": {
			{at: 0, due: true},
			{at: 10 * time.Second, answered: true},
			{at: 39 * time.Second},
			{at: 40 * time.Second, due: true},
		},
		"at the requested time, once": {
			{at: 0, due: true},
			{at: time.Second, request: 3 * time.Second},
			{at: 2 * time.Second},
			{at: 3 * time.Second, due: true},
			{at: 4 * time.Second},
		},
		"at the earlier one of two requested times": {
			{at: 0, due: true},
			{at: time.Second, request: 5 * time.Second},
			{at: 2 * time.Second, request: 4 * time.Second},
			{at: 3 * time.Second, request: 6 * time.Second},
			{at: 4 * time.Second, due: true},
			{at: 6 * time.Second},
		},
		"each second for a minute without a leader, and then each 10 s": {
			{at: 0, leaderless: true, due: true},
			{at: 500 * time.Millisecond, leaderless: true},
			{at: time.Second, leaderless: true, due: true},
			{at: 59 * time.Second, leaderless: true, due: true},
			{at: 60 * time.Second, leaderless: true},
			{at: 68 * time.Second, leaderless: true},
			{at: 69 * time.Second, leaderless: true, due: true},
		},
		"each second again for a leader that is lost again": {
			{at: 0, leaderless: true, due: true},
			{at: 60 * time.Second, leaderless: true, due: true},
			{at: 61 * time.Second},
			{at: 62 * time.Second, leaderless: true, due: true},
			{at: 63 * time.Second, leaderless: true, due: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p polling
			began := time.Unix(0, 0)
			for _, s := range steps {
				if s.request != 0 {
					p.request(began.Add(s.request))
				}
				if s.answered {
					p.answered(began.Add(s.at))
				}
				if due := p.due(began.Add(s.at), s.leaderless); due != s.due {
					t.Errorf("after %s: due %v, want %v", s.at, due, s.due)
				}
			}
		})
	}
}
