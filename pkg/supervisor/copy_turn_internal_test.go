package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

// queueOf is the queue of node3, with node2 ahead of it, while node1 leads.
func queueOf(clientsServed bool, node2 replication.Freshness) replication.CopyQueue {
	return replication.CopyQueue{
		Node: "node3", Record: &replication.Record{Term: 5, TermID: "id5", Node: "node1"}, Running: []string{"node1", "node2", "node3"},
		Copied: map[string]replication.Freshness{"node2": node2}, ClientsServed: clientsServed,
	}
}

func TestCopyIsPutOffUntilItsTurnOrForADelayForEachBackupAheadAndItself(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Second
	first := queueOf(false, 0)
	first.Node = "node2"
	firstServed := first
	firstServed.ClientsServed = true
	for _, tt := range []struct {
		name   string
		after  time.Duration
		needed bool
		queue  replication.CopyQueue
		want   bool
	}{
		{"nothing known: put off", delay - 1, true, replication.CopyQueue{}, true},
		{"nothing known for the delay: begins", delay, true, replication.CopyQueue{}, false},
		{"first, no clients served: put off", delay - 1, true, first, true},
		{"first, no clients served for the delay: begins", delay, true, first, false},
		{"first, clients served: begins", 0, true, firstServed, false},
		{"second, the first has not copied: put off", 2*delay - 1, true, queueOf(true, replication.FreshnessStale), true},
		{"second, the first has not copied for two delays: begins", 2 * delay, true, queueOf(true, replication.FreshnessStale), false},
		{"second, the first has copied: begins", 0, true, queueOf(true, replication.FreshnessFresh), false},
		{"small, or following already: begins", 0, false, first, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var turn copyTurn
			now := time.Now()
			if tt.needed && !turn.observe(now, "node1", "id5", true, replication.CopyQueue{}, delay) {
				t.Fatal("the copy begins at once, before anything is known")
			}
			if got := turn.observe(now.Add(tt.after), "node1", "id5", tt.needed, tt.queue, delay); got != tt.want {
				t.Errorf("put off: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCopyThatHasBegunIsPutOffAgainOnlyInAnotherTerm(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Second
	now := time.Now()
	var turn copyTurn
	for _, tt := range []struct {
		name           string
		after          time.Duration
		promoted, term string
		needed, want   bool
	}{
		{"follows already: nothing to put off", 0, "node1", "id4", false, false},
		{"is parked in the same term, and was not active: copies at once", time.Minute, "node1", "id4", true, false},
		{"no node is promoted: nothing to put off", 2 * time.Minute, "", "id4", true, false},
		{"another node, the record comes late: put off", 3 * time.Minute, "node2", "id4", true, true},
		{"the record comes: put off, for no longer than before", 3*time.Minute + delay - 1, "node2", "id5", true, true},
		{"the delay has passed: begins", 3*time.Minute + delay, "node2", "id5", true, false},
		{"the same node in another term: put off", 4 * time.Minute, "node2", "id6", true, true},
	} {
		if got := turn.observe(now.Add(tt.after), tt.promoted, tt.term, tt.needed, replication.CopyQueue{}, delay); got != tt.want {
			t.Errorf("%s: put off is %v", tt.name, got)
		}
	}
}

func TestCopyAfterAConversionIsPutOffUntilTheOthersHaveSaidThatTheyAreNotFresh(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Second
	first := queueOf(true, 0)
	first.Node = "node2"
	for _, tt := range []struct {
		name  string
		after time.Duration
		queue replication.CopyQueue
		want  bool
	}{
		{"first, clients served: begins", 0, first, false},
		{"second, the first is fresh, as it was before: put off", conversionSettling - 1, queueOf(true, replication.FreshnessFresh), true},
		{"second, the first is fresh: begins", conversionSettling, queueOf(true, replication.FreshnessFresh), false},
		{"second, the first has not copied: put off", 2*delay - 1, queueOf(true, replication.FreshnessStale), true},
		{"second, the first has not copied for two delays: begins", 2 * delay, queueOf(true, replication.FreshnessStale), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var turn copyTurn
			now := time.Now()
			turn.observe(now, "node1", "id5", false, replication.CopyQueue{}, delay)
			turn.repeat(now)
			if got := turn.observe(now.Add(tt.after), "node1", "id5", true, tt.queue, delay); got != tt.want {
				t.Errorf("put off: %v, want %v", got, tt.want)
			}
		})
	}
}

// From a backup that has followed for long, and whose server turns active by itself, as after a conversion: it is
// made read-only at once, says that it is not fresh, and waits for the backup ahead.
func TestBackupWhoseServerTurnsActiveWaitsForItsTurnOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.cluster.Record, n.queue, n.size = "5 id5 node1", queueOf(true, replication.FreshnessFresh), 1<<30
		start(t, n, putOff(20*time.Second))
		wait(time.Minute)
		if n.count("follow")+n.count("repair") > 0 {
			t.Fatal("a backup that follows was repaired")
		}
		n.set(func() {
			n.queue = queueOf(true, replication.FreshnessStale)
			n.observation.Servers[0].Condition, n.observation.Servers[0].Source = replication.ConditionActive, ""
		})
		wait(observeInterval)
		repairs := locked(n, &n.repairs).Repairs
		if len(repairs) != 1 || repairs[0].Kind != replication.RepairPark {
			t.Errorf("repairs are %v", repairs)
		}
		if said := locked(n, &n.freshness); len(said) == 0 || said[len(said)-1] != "id5 false" {
			t.Errorf("it has published %q", said)
		}
		n.set(func() {
			n.observation.Servers[0].Condition, n.observation.Servers[0].Source = replication.ConditionBackup, "tcp:192.0.2.254:6641"
		})
		repaired := n.count("repair")
		wait(10 * time.Second)
		if n.count("follow") > 0 || n.count("repair") > repaired {
			t.Errorf("it has followed %d times, and made %d repairs", n.count("follow"), n.count("repair")-repaired)
		}
		n.set(func() { n.queue = queueOf(true, replication.FreshnessFresh) })
		wait(copyPollInterval + observeInterval)
		if n.count("follow") != 1 {
			t.Errorf("it has followed %d times though the backup ahead has copied, want once", n.count("follow"))
		}
	})
}

// newWaiting returns a backup with a large database, which is still pointed at an earlier source.
func newWaiting(queue replication.CopyQueue) *fakeNode {
	n := newBackup()
	n.cluster.Record, n.queue, n.size = "5 id5 node1", queue, 1<<30
	for i := range n.observation.Servers {
		n.observation.Servers[i].Source = "tcp:192.0.2.254:6641"
	}
	return n
}

func putOff(delay time.Duration) func(*loop) {
	return func(l *loop) { l.copyDelay, l.largeFile = delay, 1<<20 }
}

func TestBackupThatWaitsForItsTurnIsNeitherRepairedNorReportedAndThenFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newWaiting(queueOf(true, replication.FreshnessStale))
		start(t, n, putOff(20*time.Second))
		wait(30 * time.Second) // for longer than a leader may be missing unreported
		saved := locked(n, &n.saved)
		if n.count("repair")+n.count("follow") > 0 || saved.Leader.Node != "" || saved.Leaderless || len(saved.Reasons) > 0 {
			t.Errorf("followed %d times, made %d repairs, and monitors are told %+v; want nothing wrong", n.count("follow"), n.count("repair"), saved)
		}
		if n.count("retire") != 1 {
			t.Errorf("sessions were ended %d times, want once", n.count("retire"))
		}
		n.set(func() { n.queue = queueOf(true, replication.FreshnessFresh) })
		wait(copyPollInterval + observeInterval)
		if n.count("follow") != 1 || locked(n, &n.saved).Leader.Node != "node1" {
			t.Errorf("followed %d times though the backup ahead has copied, want once", n.count("follow"))
		}
	})
}

func TestBackupThatWaitsFollowsAtLastWhoeverHasNotCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newWaiting(queueOf(false, replication.FreshnessStale))
		start(t, n, putOff(3*time.Second))
		wait(4 * time.Second)
		if n.count("repair")+n.count("follow") > 0 {
			t.Error("the servers follow before two delays have passed")
		}
		wait(time.Second + observeInterval)
		if n.count("follow") == 0 {
			t.Error("the servers do not follow though two delays have passed")
		}
	})
}

func TestBackupWithASmallDatabaseOrWithoutDelayFollowsAtOnceAndAsksForNoTurn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fakeNode, *loop){
		"small":    func(n *fakeNode, _ *loop) { n.size = 1<<20 - 1 },
		"no delay": func(_ *fakeNode, l *loop) { l.copyDelay = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newWaiting(queueOf(false, replication.FreshnessStale))
				start(t, n, putOff(time.Minute), func(l *loop) { change(n, l) })
				if n.count("repair") == 0 || n.count("queue") > 0 {
					t.Errorf("made %d repairs and asked %d times for a turn, want to follow at once", n.count("repair"), n.count("queue"))
				}
			})
		})
	}
}
