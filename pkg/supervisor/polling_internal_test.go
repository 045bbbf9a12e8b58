package supervisor

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestClusterIsPolledAfterEachIntervalAndEarlierOnRequest(t *testing.T) {
	t.Parallel()
	type step struct {
		at         time.Duration
		request    time.Duration // for when a poll is requested before; 0 for none
		answered   bool
		differs    bool // the answer, from the last one
		announced  bool // a change, before that
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
		"each 2 s on a node of Pacemaker Remote": {
			{at: 0, due: true},
			{at: time.Second, answered: true},
			{at: 3*time.Second - time.Millisecond},
			{at: 3 * time.Second, due: true},
			{at: 4 * time.Second, answered: true, differs: true},
			{at: 6 * time.Second, due: true},
		},
		"30 s after the last answer": {
			{at: 0, due: true},
			{at: 10 * time.Second, answered: true},
			{at: 39 * time.Second},
			{at: 40 * time.Second, due: true},
		},
		"each 2 min where changes are announced": {
			{at: 0, due: true},
			{at: time.Second, answered: true},
			{at: 2 * time.Minute},
			{at: 2*time.Minute + time.Second, announced: true, due: true},
			{at: 2*time.Minute + 2*time.Second, answered: true, differs: true},
			{at: 4 * time.Minute},
		},
		"each 30 s again after a change that was not announced": {
			{at: 0, due: true},
			{at: time.Second, answered: true, announced: true},
			{at: 2*time.Minute + time.Second, due: true},
			{at: 2*time.Minute + 2*time.Second, answered: true, differs: true},
			{at: 2*time.Minute + 31*time.Second},
			{at: 2*time.Minute + 32*time.Second, due: true},
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
			p := polling{watched: strings.Contains(name, "announced"), remote: strings.Contains(name, "Pacemaker Remote")}
			began := time.Unix(0, 0)
			for _, s := range steps {
				if s.request != 0 {
					p.request(began.Add(s.request))
				}
				p.changed = p.changed || s.announced
				if s.answered {
					p.answered(began.Add(s.at), s.differs)
				}
				if due := p.due(began.Add(s.at), s.leaderless); due != s.due {
					t.Errorf("after %s: due %v, want %v", s.at, due, s.due)
				}
			}
		})
	}
}

// From a backup without a node to follow: after a while it looks for one of another agent, again and again, and
// no longer when a node leads.
func TestBackupThatKnowsNoLeaderForAWhileSeeksOneOfAnotherAgent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		leader := n.cluster.Leader
		n.cluster.Leader = replication.Leader{}
		_, changed, _ := start(t, n)
		wait(leaderlessReport - 2*time.Second)
		if n.count("seek") > 0 {
			t.Error("it seeks one at once")
		}
		wait(2*leaderlessSlow + 5*time.Second)
		if sought := n.count("seek"); sought < 2 || sought > 3 {
			t.Errorf("it has sought one %d times", sought)
		}
		n.set(func() { n.cluster.Leader = leader })
		changed <- struct{}{}
		wait(changeDelay + time.Second)
		sought := n.count("seek")
		wait(time.Minute)
		if n.count("seek") > sought {
			t.Error("it seeks one while a node leads")
		}
	})
}
