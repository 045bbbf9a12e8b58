package supervisor

import (
	"context"
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
	// scoreErr is how the publication of a score ends.
	scoreErr error
	// states have the states that were to be published, and stateErr is how that ended.
	states   []replication.State
	stateErr error
	// openErr is how an attempt to open the listeners ends.
	openErr error
	// escalateErr is how the report of a failure ends.
	escalateErr error
	// positions counts how often the position was published again.
	positions int
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

func (n *fakeNode) RenewPosition(context.Context) error {
	n.set(func() { n.positions++ })
	return nil
}

func (n *fakeNode) Publish(_ context.Context, v replication.Verdict, leader replication.Leader) (bool, error) {
	score := replication.DecideScore(v, leader, false).Score
	n.set(func() { n.scores = append(n.scores, score) })
	return true, locked(n, &n.scoreErr)
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

func (n *fakeNode) OpenListeners(context.Context, replication.OwnTerm, func() bool) (bool, error) {
	n.called("open")
	err := locked(n, &n.openErr)
	return err == nil, err
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
	return locked(n, &n.escalateErr)
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
