package supervisor

import (
	"context"
	"errors"
	"fmt"
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
	cluster          control.SupervisorState
	queryErr         error
	queryTime        time.Duration
	pending          replication.Leader
	observation      replication.Observation
	markers          map[string]*replication.Marker
	beatErr          error
	repairErrors     []string
	refused          bool
	faults           []string
	changed          []string
	queue            replication.CopyQueue
	size             int64
	monitor          control.LastMonitor

	calls map[string]int
	// observed is the state that the servers were last observed with, repairs the verdict that
	// was last handed to Repair, seen the markers that were last handed to Heal as known.
	observed control.SupervisorState
	repairs  replication.Verdict
	seen     map[string]*replication.Marker
	saved    control.SupervisorState
	// freshness and scores have what was published, in order.
	freshness []string
	scores    []replication.Score
	// states have the states that were to be published, and stateErr is how that ended.
	states   []replication.State
	stateErr error
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
func (n *fakeNode) leader() string { return locked(n, &n.observed).Leader.Node }

func locked[T any](n *fakeNode, value *T) T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return *value
}

func (n *fakeNode) Promoted() bool { return locked(n, &n.promoted) }
func (n *fakeNode) Acting() bool   { return locked(n, &n.acting) }

func (n *fakeNode) QueryCluster(ctx context.Context) (control.SupervisorState, error) {
	n.called("query")
	answer, err := locked(n, &n.cluster), locked(n, &n.queryErr)
	pause(ctx, locked(n, &n.queryTime))
	return answer, err
}

func (n *fakeNode) AnswerOpenRounds(context.Context) error {
	n.called("answer")
	return nil
}

func (n *fakeNode) FollowOtherAgent(context.Context) error {
	n.called("seek")
	return nil
}

func (n *fakeNode) ObserveWithMarkers(_ context.Context, state control.SupervisorState) (replication.Observation, map[string]*replication.Marker) {
	n.set(func() { n.observed = state })
	return n.judge(state), locked(n, &n.markers)
}

// judge judges the term of the node by a state of the cluster, as a controller does.
func (n *fakeNode) judge(state control.SupervisorState) replication.Observation {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.observation
	o.Servers, o.Acting = slices.Clone(o.Servers), n.acting
	if len(o.In(replication.ConditionBackup)) > 0 {
		o.Leader = state.Leader
	}
	record, err := replication.ParseRecord(state.Record)
	if o.Own != nil && err == nil {
		o.Term = o.Own.Judge(record)
	}
	return o
}

func (n *fakeNode) Repair(_ context.Context, v replication.Verdict) (replication.Observation, replication.Verdict) {
	n.called("repair")
	n.set(func() { n.repairs = v })
	o := n.judge(locked(n, &n.cluster))
	assessed := replication.Assess(o)
	if !o.Acting {
		assessed.RepairErrors, assessed.Refused = locked(n, &n.repairErrors), locked(n, &n.refused)
	}
	return o, assessed
}

func (n *fakeNode) Beat(context.Context, replication.OwnTerm, *control.FileReaders) error {
	n.called("beat")
	return locked(n, &n.beatErr)
}

func (n *fakeNode) Heal(_ context.Context, _ replication.OwnTerm, _, seen map[string]*replication.Marker) ([]string, error) {
	n.called("heal")
	n.set(func() { n.seen = seen })
	return nil, nil
}

func (n *fakeNode) PublishFreshness(_ context.Context, termID string, fresh bool) error {
	n.set(func() { n.freshness = append(n.freshness, fmt.Sprintf("%s %v", termID, fresh)) })
	return nil
}

func (n *fakeNode) PublishState(_ context.Context, state replication.State) error {
	n.set(func() { n.states = append(n.states, state) })
	return locked(n, &n.stateErr)
}

func (n *fakeNode) Publish(_ context.Context, v replication.Verdict, leader replication.Leader) bool {
	score := replication.DecideScore(v, leader, false).Score
	n.set(func() { n.scores = append(n.scores, score) })
	return true
}

func (n *fakeNode) Unchanged(_ context.Context, known control.SupervisorState) bool {
	n.called("check")
	now := locked(n, &n.cluster)
	return locked(n, &n.queryErr) == nil && now.Record == known.Record && now.Unmanaged == known.Unmanaged
}

func (n *fakeNode) FollowPending(context.Context, bool) (replication.Leader, bool, error) {
	if n.Acting() {
		return replication.Leader{}, false, nil
	}
	defer n.set(func() { n.pending = replication.Leader{} })
	return locked(n, &n.pending), true, nil
}

func (n *fakeNode) TryFollow(context.Context, string) (bool, error) {
	n.called("follow")
	return !n.Acting(), nil
}

func (n *fakeNode) CopyQueue(context.Context, control.SupervisorState) (replication.CopyQueue, error) {
	n.called("queue")
	return locked(n, &n.queue), nil
}

func (n *fakeNode) DatabaseSize() int64 { return locked(n, &n.size) }

func (n *fakeNode) Retire(context.Context) (bool, error) {
	n.called("retire")
	return !locked(n, &n.acting), nil
}

func (n *fakeNode) Faults(context.Context, bool) []string {
	n.called("faults")
	return locked(n, &n.faults)
}

func (n *fakeNode) OpenListeners(context.Context, replication.OwnTerm) (bool, error) {
	n.called("open")
	return true, nil
}

func (n *fakeNode) KeepListeners(_ context.Context, _ replication.OwnTerm, mayOpen func() bool) []string {
	n.called("keep")
	if mayOpen() {
		n.called("may open")
	}
	return locked(n, &n.changed)
}

func (n *fakeNode) RetryListeners(context.Context) error { return nil }

func (n *fakeNode) Escalate(context.Context) error {
	n.called("escalate")
	return nil
}

func (n *fakeNode) SaveSupervisorState(state control.SupervisorState) error {
	n.called("save")
	n.set(func() { n.saved = state })
	return nil
}

func (n *fakeNode) LastMonitor() control.LastMonitor { return locked(n, &n.monitor) }

// newBackup returns a node that follows node1, as the cluster says.
func newBackup() *fakeNode {
	o := observation(replication.ConditionBackup, false, "")
	sources := replication.Sources{}
	for i := range o.Servers {
		o.Servers[i].Link, o.Servers[i].Source = replication.LinkReplicating, "tcp:192.0.2.1:6641"
		sources[o.Servers[i].Database] = "tcp:192.0.2.1:6641"
	}
	return &fakeNode{
		cluster:     control.SupervisorState{Record: "4 id4 node1", Leader: replication.Leader{Node: "node1", Sources: sources}},
		observation: o,
	}
}

// newActive returns node1, promoted for term 4.
func newActive() *fakeNode {
	return &fakeNode{
		promoted: true, cluster: control.SupervisorState{Record: "4 id4 node1"},
		observation: observation(replication.ConditionActive, true, replication.TermHeld),
	}
}

// start runs the loop and the poller on a node until the test ends, and waits a second: by
// then the cluster has answered.
func start(t *testing.T, n *fakeNode, set ...func(*loop)) (l *loop, changed chan struct{}, log *logrustest.Hook) {
	t.Helper()
	logger, log := logrustest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	l = &loop{
		schemas: &schemaKeeper{},
		node:    n, log: logger, beatInterval: time.Second,
		poller: newClusterPoller(n, logger), disk: &diskProber{}, prover: &listenerProver{}, diskPatience: 30 * time.Second,
		frozen: make(chan time.Duration), membersChanged: make(chan struct{}, 1),
		restarters: []*restarter{newTestRestarter(t, "OVN_Northbound"), newTestRestarter(t, "OVN_Southbound")},
	}
	l.states = newStatePublisher(n, logger)
	for _, f := range set {
		f(l)
	}
	changed = make(chan struct{}, 1)
	go l.poller.run(t.Context())
	go l.states.run(t.Context())
	go l.run(t.Context(), changed, nil)
	wait(time.Second)
	if n.count("query") == 0 {
		t.Fatal("the cluster was not polled at first")
	}
	return l, changed, log
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
		_, changed, _ := start(t, n)
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
		_, changed, _ := start(t, n)
		n.set(func() { n.pending = replication.Leader{Node: "node3"} })
		changed <- struct{}{}
		wait(observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node that the action named", leader)
		}
	})
}

func TestSupervisedBackupWhoseServerIsBeingRestartedFollowsTheNodeLeftToItAfterThatAndObservesMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting, n.pending = true, replication.Leader{Node: "node3"} })
		changed <- struct{}{}
		saves := n.count("save")
		wait(4 * time.Second)
		if leader := n.leader(); leader != "node1" {
			t.Errorf("the servers are to follow %q while one is being restarted", leader)
		}
		if n.count("save") == saves {
			t.Error("the state for the monitors was not written while a server was being restarted")
		}
		n.set(func() { n.acting = false })
		wait(2 * observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node that the action named", leader)
		}
	})
}

func TestClusterRecordThatChangesWithoutNoticeHasTheClusterPolledByTheClockAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		start(t, n, func(l *loop) { l.polling.watched = true })
		before := n.count("query")
		wait(watchedInterval - 2*time.Second)
		if polls := n.count("query") - before; polls > 0 {
			t.Errorf("polled %d times at rest", polls)
		}
		n.set(func() { n.cluster.Record = "4 id4 node1 members=node1" })
		wait(3 * time.Second) // the poll that finds it
		before = n.count("query")
		wait(reviewInterval + time.Second)
		if polls := n.count("query") - before; polls != 1 {
			t.Errorf("polled %d times in %s, want once", polls, reviewInterval)
		}
	})
}

func TestPromotedNodeChecksTheRecordAtOnceAfterAChangeAndPollsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		before := n.count("query")
		changed <- struct{}{}
		synctest.Wait()
		if checks, polls := n.count("check"), n.count("query")-before; checks != 1 || polls > 0 {
			t.Errorf("checked %d times and polled %d times, want one check", checks, polls)
		}
		wait(changeDelay + observeInterval)
		if polls := n.count("query") - before; polls != 1 {
			t.Errorf("polled %d times, want once", polls)
		}
	})
}

func TestPromotedNodePollsAtOnceIfTheRecordOrTheManagementHasChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*control.SupervisorState){
		"record":     func(s *control.SupervisorState) { s.Record = "5 id5 node2" },
		"management": func(s *control.SupervisorState) { s.Unmanaged = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newActive()
				_, changed, _ := start(t, n)
				before := n.count("query")
				n.set(func() { change(&n.cluster) })
				changed <- struct{}{}
				synctest.Wait()
				if polls := n.count("query") - before; polls != 1 {
					t.Errorf("polled %d times, want once", polls)
				}
			})
		})
	}
}

func TestPromotedNodeChecksOnceForManyChangesWhileAnActionIsUnderWayAndAgainAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting = true })
		for range 3 {
			changed <- struct{}{}
			synctest.Wait()
		}
		if checks := n.count("check"); checks > 0 {
			t.Errorf("checked %d times before the next observation", checks)
		}
		wait(5 * time.Second)
		if checks := n.count("check"); checks != 1 {
			t.Errorf("checked %d times while the action was under way, want once", checks)
		}
		n.set(func() { n.acting = false })
		wait(observeInterval)
		if checks := n.count("check"); checks != 2 {
			t.Errorf("checked %d times by the end of the action, want twice", checks)
		}
	})
}

func TestActiveWhoseTermIsOverIsMadeReadOnlyWithinASecondAlsoWhileAnActionIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting, n.cluster.Record = true, "5 id5 node2" })
		changed <- struct{}{}
		wait(time.Second)
		repairs := locked(n, &n.repairs).Repairs
		if len(repairs) == 0 || repairs[0].Kind != replication.RepairPark || !repairs[0].Urgent {
			t.Errorf("the repairs are %v, want the urgent ones of the verdict", repairs)
		}
	})
}

func TestActiveThatWasPromotedAfterTheClusterWasAskedHasNotLostItsRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.cluster.Record = "3 id3 node2"
		own := n.observation.Own
		n.observation = observation(replication.ConditionBackup, false, "")
		start(t, n)
		n.set(func() { n.queryTime = 5 * time.Second }) // the cluster is slow
		polls := n.count("query")
		n.set(func() {
			n.observation = observation(replication.ConditionActive, true, "")
			n.observation.Own = own
		})
		wait(3 * time.Second)
		if n.count("repair") > 0 || n.count("beat") == 0 {
			t.Errorf("%d repairs and %d beats of a node that was promoted just now", n.count("repair"), n.count("beat"))
		}
		if n.count("query") == polls {
			t.Error("the cluster was not asked for the record of the new term")
		}
		wait(10 * time.Second) // the answer to that still has the old record
		if repairs := locked(n, &n.repairs).Repairs; len(repairs) != 1 || repairs[0].Kind != replication.RepairRecord {
			t.Errorf("the repairs are %v, want the record to be written again", repairs)
		}
	})
}

func TestBeatThatFailsEachSecondIsLoggedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.beatErr = errors.New("no space left on device")
		_, _, log := start(t, n)
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
	elsewhere := newElsewhere()
	forget := newBackup()
	forget.observation.Own = &replication.OwnTerm{Record: replication.Record{Term: 3, TermID: "id3", Node: "node2"}, Recorded: true}
	for _, tt := range []struct {
		name, repairs, reason string
		node                  *fakeNode
	}{
		{
			name: "with a reason", node: elsewhere, repairs: "follow OVN_Northbound",
			reason: "the OVN_Northbound server replicated from tcp:192.0.2.9:6641 and not from the promoted node node1 at tcp:192.0.2.1:6641",
		},
		{name: "without", node: forget, repairs: "forget"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, _, log := start(t, tt.node)
				wait(time.Minute)
				entries := slices.DeleteFunc(log.AllEntries(), func(e *logrus.Entry) bool { return e.Message != "the servers of this node needed a repair" })
				if len(entries) == 0 || len(entries) > 2 || tt.node.count("repair") < 20 {
					t.Fatalf("%d log lines about %d repairs", len(entries), tt.node.count("repair"))
				}
				for _, e := range entries {
					reason, _ := e.Data["reason"].(string)
					if _, given := e.Data["reason"]; e.Data["repairs"] != tt.repairs || reason != tt.reason || given != (tt.reason != "") {
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
				l.escalate(t.Context(), time.Unix(int64(at), 0), n.observation, false, false)
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
		_, _, log := start(t, n)
		wait(2 * time.Minute)
		lines := slices.DeleteFunc(slices.Clone(log.AllEntries()), func(e *logrus.Entry) bool {
			return e.Message != "cannot ask the cluster about the term and the promoted node"
		})
		if polls := n.count("query"); polls < 50 || len(lines) != 2 {
			t.Errorf("%d log lines about %d polls", len(lines), polls)
		}
	})
}

func TestAnswerOfThePollerSaysWhenItWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.queryTime = 10 * time.Second
		p := newClusterPoller(n, newTestRestarter(t, "").log)
		go p.run(t.Context())
		asked := time.Now()
		p.request()
		if a := <-p.answers; !a.askedAt.Equal(asked) || !time.Now().Equal(asked.Add(n.queryTime)) {
			t.Errorf("asked for at %s, want %s", a.askedAt, asked)
		}
	})
}

func TestMarkerThatAClientHasChangedIsNoMeasureForTheServersFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.markers = map[string]*replication.Marker{northbound: at("id4", 7)}
		start(t, n)
		for _, changed := range []*replication.Marker{nil, at("id4", 2), at("another", 99)} {
			n.set(func() { n.markers = map[string]*replication.Marker{northbound: changed} })
			wait(time.Second)
			if seen := locked(n, &n.seen)[northbound]; seen == nil || *seen != *at("id4", 7) {
				t.Errorf("after %+v the last marker is %+v, want that of beat 7", changed, seen)
			}
		}
	})
}
