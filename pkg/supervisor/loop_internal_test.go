package supervisor

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// fakeNode is a node whose servers are as the test says. It notes the calls.
type fakeNode struct {
	mu sync.Mutex

	promoted, acting bool
	own              string
	cluster          control.SupervisorState
	queryErr         error
	queryTime        time.Duration
	pending          replication.Leader
	observation      replication.Observation
	verdict          replication.Verdict
	beatErr          error

	calls map[string]int
	// tended is the state that the servers were last observed with.
	tended control.SupervisorState
}

var _ node = (*fakeNode)(nil)

// set changes the node while the loop runs.
func (n *fakeNode) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

func (n *fakeNode) called(verb string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.calls == nil {
		n.calls = map[string]int{}
	}
	n.calls[verb]++
}

// count returns how often a verb was called.
func (n *fakeNode) count(verb string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[verb]
}

// leader returns the promoted node that the servers were last observed with.
func (n *fakeNode) leader() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tended.Leader.Node
}

func locked[T any](n *fakeNode, value *T) T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return *value
}

func (n *fakeNode) Promoted() bool             { return locked(n, &n.promoted) }
func (n *fakeNode) Acting() bool               { return locked(n, &n.acting) }
func (n *fakeNode) OwnPromotionRecord() string { return locked(n, &n.own) }

func (n *fakeNode) QueryCluster(ctx context.Context) (control.SupervisorState, error) {
	n.called("query")
	pause(ctx, locked(n, &n.queryTime))
	return locked(n, &n.cluster), locked(n, &n.queryErr)
}

func (n *fakeNode) AnswerOpenRounds(context.Context) error {
	n.called("answer")
	return nil
}

func (n *fakeNode) Tend(_ context.Context, k control.SupervisorState) (replication.Observation, replication.Verdict, error) {
	n.set(func() { n.tended = k })
	return locked(n, &n.observation), locked(n, &n.verdict), nil
}

func (n *fakeNode) Repair(context.Context) (replication.Observation, replication.Verdict) {
	n.called("repair")
	return locked(n, &n.observation), locked(n, &n.verdict)
}

func (n *fakeNode) Beat(context.Context) error {
	n.called("beat")
	return locked(n, &n.beatErr)
}

func (n *fakeNode) Publish(context.Context, replication.Verdict, replication.Leader) bool {
	return true
}

func (n *fakeNode) FollowPending(context.Context) (replication.Leader, error) {
	defer n.set(func() { n.pending = replication.Leader{} })
	return locked(n, &n.pending), nil
}

func (n *fakeNode) OpenListeners(context.Context) error  { return nil }
func (n *fakeNode) RetryListeners(context.Context) error { return nil }

func (n *fakeNode) Escalate(context.Context) error {
	n.called("escalate")
	return nil
}

func (n *fakeNode) SaveSupervisorState(control.SupervisorState) error { return nil }

// newBackup returns a node that follows node1, as the cluster says.
func newBackup() *fakeNode {
	return &fakeNode{
		cluster:     control.SupervisorState{Record: "4 id4 node1", Leader: replication.Leader{Node: "node1"}},
		observation: observation(replication.ConditionBackup, false, ""),
		verdict:     replication.Verdict{Health: replication.HealthBackup, Following: true},
	}
}

// newActive returns a node that was promoted for term 4.
func newActive() *fakeNode {
	return &fakeNode{
		promoted: true, cluster: control.SupervisorState{Record: "4 id4 node1"},
		observation: observation(replication.ConditionActive, true, replication.TermHeld),
		verdict:     replication.Verdict{Health: replication.HealthActive, Term: 4},
	}
}

// start runs the loop and the poller on a node until the test ends, and waits a second: by
// then the cluster has answered.
func start(t *testing.T, n *fakeNode, recorded func() (string, error)) (changed chan struct{}, log *logrustest.Hook) {
	t.Helper()
	logger, log := logrustest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	l := &loop{
		node: n, log: logger, beatInterval: time.Second, recorded: recorded,
		poller: newClusterPoller(n, logger), frozen: make(chan time.Duration),
		restarters: []*restarter{newTestRestarter(t, "OVN_Northbound"), newTestRestarter(t, "OVN_Southbound")},
	}
	changed = make(chan struct{}, 1)
	go l.poller.run(t.Context())
	go l.run(t.Context(), changed, nil)
	wait(time.Second)
	if n.count("query") == 0 {
		t.Fatal("the cluster was not polled at first")
	}
	return changed, log
}

// newTestRestarter returns a restarter of a server that there is not.
func newTestRestarter(t *testing.T, database string) *restarter {
	t.Helper()
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return &restarter{log: logger, unit: control.Unit{Server: ovsdbctl.Server{Database: ovsdbctl.Database{Name: database}}}}
}

// wait lets the bubble's clock go on, and all that is due by then be done.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSupervisedBackupThatMissedAPromotionFollowsWhenTheClusterChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		changed, _ := start(t, n, nil)
		n.set(func() { n.cluster.Leader.Node = "node3" })
		wait(5 * time.Second)
		if leader := n.leader(); leader != "node1" {
			t.Fatalf("the servers are to follow %q before the change is known", leader)
		}
		changed <- struct{}{}
		wait(changeDelay + observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node promoted last", leader)
		}
	})
}

func TestSupervisedBackupFollowsAtOnceTheNodeThatAnActionLeftToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		changed, _ := start(t, n, nil)
		n.set(func() { n.pending = replication.Leader{Node: "node3"} })
		changed <- struct{}{}
		wait(observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node that the action named", leader)
		}
	})
}

func TestPromotedNodePollsAfterAChangeUnlessItsRecordIsOnDisk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, recorded, own string
		polls               int // after the change at once
		later               int // after changeDelay
	}{
		{name: "no copy of the CIB", polls: 1, later: 1},
		{name: "the same record", recorded: "4 id4 node1"},
		{name: "a later record", recorded: "5 id5 node2", polls: 1, later: 1},
		{name: "an earlier record after a promotion", recorded: "3 id3 node2", own: "4 id4 node1", later: 1},
		{name: "an earlier record long after a promotion", recorded: "3 id3 node2", polls: 1, later: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newActive()
				n.own = tt.own
				changed, _ := start(t, n, func() (string, error) { return tt.recorded, nil })
				before := n.count("query")
				changed <- struct{}{}
				synctest.Wait()
				if polls := n.count("query") - before; polls != tt.polls {
					t.Errorf("polled %d times at once, want %d", polls, tt.polls)
				}
				wait(changeDelay + observeInterval)
				if polls := n.count("query") - before; polls != tt.later {
					t.Errorf("polled %d times, want %d", polls, tt.later)
				}
			})
		})
	}
}

func TestPromotedNodePollsAfterAChangeOnceTheActionUnderWayHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		changed, _ := start(t, n, nil)
		before := n.count("query")
		n.set(func() { n.acting = true })
		changed <- struct{}{}
		wait(5 * time.Second)
		if polls := n.count("query") - before; polls > 0 {
			t.Errorf("polled %d times while an action was under way", polls)
		}
		n.set(func() { n.acting = false })
		wait(observeInterval)
		if polls := n.count("query") - before; polls != 1 {
			t.Errorf("polled %d times after the action, want once", polls)
		}
	})
}

func TestBeatThatFailsEachSecondIsLoggedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.beatErr = errors.New("no space left on device")
		_, log := start(t, n, nil)
		wait(2 * time.Minute)
		if beats := n.count("beat"); beats < 100 {
			t.Errorf("%d beats in two minutes", beats)
		}
		if lines := len(log.AllEntries()); lines < 2 || lines > 3 {
			t.Errorf("%d log lines in two minutes", lines)
		}
	})
}

func TestRepairsAreLoggedWithTheirKindAndNeverWithAnEmptyReason(t *testing.T) {
	t.Parallel()
	follow := replication.Repair{Kind: replication.RepairFollow, Database: "OVN_Northbound"}
	for _, tt := range []struct {
		name                    string
		repairs                 []replication.Repair
		reasons                 []string
		wantRepairs, wantReason any
	}{
		{name: "with a reason", repairs: []replication.Repair{follow}, reasons: []string{"it followed node2"}, wantRepairs: "follow OVN_Northbound", wantReason: "it followed node2"},
		{name: "without", repairs: []replication.Repair{{Kind: replication.RepairForget}}, wantRepairs: "forget"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newBackup()
				n.verdict.Repairs, n.verdict.Reasons = tt.repairs, tt.reasons
				_, log := start(t, n, nil)
				wait(time.Minute)
				entries := log.AllEntries()
				if len(entries) == 0 || len(entries) > 2 || n.count("repair") < 20 {
					t.Fatalf("%d log lines about %d repairs", len(entries), n.count("repair"))
				}
				for _, e := range entries {
					if e.Data["repairs"] != tt.wantRepairs || e.Data["reason"] != tt.wantReason {
						t.Errorf("the fields are %v", e.Data)
					}
				}
			})
		})
	}
}

func TestClusterIsToldOfAServerThatFailsUnlessItIsBeingRestarted(t *testing.T) {
	t.Parallel()
	for _, restarting := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := newBackup()
			n.observation.Servers[0].Condition = replication.ConditionFailed
			l := &loop{node: n, log: newTestRestarter(t, "").log, restarters: []*restarter{newTestRestarter(t, "OVN_Northbound")}}
			if restarting {
				l.restarters[0].report("it died and is being restarted")
			}
			for at := range 10 {
				l.escalate(t.Context(), time.Unix(int64(at), 0), n.observation, false)
			}
			if told := n.count("escalate") > 0; told == restarting {
				t.Errorf("restarting %v: told %v", restarting, told)
			}
		})
	}
}

func TestRequestsDuringAPollCountAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.queryTime = 10 * time.Second
		p := newClusterPoller(n, newTestRestarter(t, "").log)
		go p.run(t.Context())
		p.request()
		synctest.Wait()
		for range 5 {
			p.request()
		}
		for range 2 {
			<-p.answers
		}
		wait(time.Minute)
		if polls := n.count("query"); polls != 2 {
			t.Errorf("polled %d times, want twice", polls)
		}
	})
}

func TestElectionsAreAnsweredWhileNoNodeIsPromoted(t *testing.T) {
	t.Parallel()
	leaderless := newBackup()
	leaderless.cluster.Leader = replication.Leader{}
	unreachable := newBackup()
	unreachable.cluster, unreachable.queryErr = control.SupervisorState{}, errors.New("no quorum")
	for _, tt := range []struct {
		name    string
		node    *fakeNode
		answers int
	}{
		{"a backup without a leader", leaderless, 1},
		{"a backup that follows", newBackup(), 0},
		{"the promoted node", newActive(), 0},
		{"a node without a cluster", unreachable, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newClusterPoller(tt.node, newTestRestarter(t, "").log)
			if _, err := p.poll(t.Context()); !errors.Is(err, tt.node.queryErr) {
				t.Errorf("the error is %v", err)
			}
			if answers := tt.node.count("answer"); answers != tt.answers {
				t.Errorf("answered %d times, want %d", answers, tt.answers)
			}
		})
	}
}

func TestPollThatFailsEachSecondIsLoggedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.cluster, n.queryErr = control.SupervisorState{}, errors.New("no quorum")
		_, log := start(t, n, nil)
		wait(2 * time.Minute)
		lines := slices.DeleteFunc(slices.Clone(log.AllEntries()), func(e *logrus.Entry) bool {
			return e.Message != "cannot ask the cluster about the term and the promoted node"
		})
		if polls := n.count("query"); polls < 50 || len(lines) != 2 {
			t.Errorf("%d log lines about %d polls", len(lines), polls)
		}
	})
}
