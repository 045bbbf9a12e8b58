package supervisor_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/supervisor"
)

// pair is a promoted node and a backup, each under a supervisor.
type pair struct {
	*controltest.Cluster

	active, backup *control.Controller
	changed        [2]chan struct{}
	stop           [2]func()
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	for i, node := range []*control.Controller{p.active, p.backup} {
		p.stop[i] = supervise(t, node, p.changed[i])
	}
	return p
}

// newUnsupervisedPair returns a pair without supervisors, whose active was prepared before it was
// started.
func newUnsupervisedPair(t *testing.T, prepare func(active *control.Controller)) *pair {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	p := &pair{
		Cluster: c,
		active:  controltest.NewNode(t, c, "node1", "127.0.0.1", ports),
		backup:  controltest.NewNode(t, c, "node2", "127.0.0.2", ports),
	}
	prepare(p.active)
	must(t, p.active.Start(testContext(t)))
	must(t, p.active.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	must(t, p.backup.Start(testContext(t)))
	for i := range p.changed {
		p.changed[i] = make(chan struct{}, 1)
	}
	return p
}

// supervise runs a supervisor until it is stopped, or the test ends.
func supervise(t *testing.T, node *control.Controller, changed <-chan struct{}) (stop func()) {
	t.Helper()
	return run(t, supervisor.Supervisor{Controller: node, Log: node.Log, BeatInterval: time.Second, Changed: changed})
}

func run(t *testing.T, s supervisor.Supervisor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// awaitBeat changes a row of an active server and awaits the beat that follows.
func awaitBeat(t *testing.T, u control.Unit) {
	t.Helper()
	before := marker(t, u)
	setGlobal(t, u, map[string]string{"changed-after": strconv.FormatUint(before.Beat, 10)})
	eventually(t, "another beat", func() bool { return marker(t, u).Beat > before.Beat })
}

// setGlobal changes the global row of an active server, as a client does.
func setGlobal(t *testing.T, u control.Unit, keys map[string]string) {
	t.Helper()
	store, err := u.Server.Open(testContext(t))
	must(t, err)
	defer store.Close()
	must(t, store.SetGlobal(testContext(t), keys))
}

// marker is the term marker in a server's database; without a term if it has none.
func marker(t *testing.T, u control.Unit) replication.Marker {
	t.Helper()
	store, err := u.Server.Open(testContext(t))
	must(t, err)
	defer store.Close()
	global, err := store.Global(testContext(t))
	must(t, err)
	m, err := replication.ParseMarker(global)
	must(t, err)
	if m == nil {
		return replication.Marker{}
	}
	return *m
}

// mute is a cluster whose record cannot be read while it is silent. It counts who tries.
type mute struct {
	control.Cluster

	silent atomic.Bool
	asked  atomic.Int32
}

func (m *mute) Record(ctx context.Context) (string, error) {
	defer m.asked.Add(1)
	if m.silent.Load() {
		return "", errors.New("the CIB does not answer")
	}
	return m.Cluster.Record(ctx)
}

func (m *mute) RecordWhereManaged(ctx context.Context) (string, bool, error) {
	text, err := m.Record(ctx)
	return text, true, err
}

// newMutePair returns a pair whose active node has no supervisor yet, and that node's place
// in the cluster.
func newMutePair(t *testing.T) (*pair, *mute) {
	t.Helper()
	p := newPair(t)
	p.stop[0]()
	cluster := &mute{Cluster: p.active.Cluster}
	p.active.Cluster = cluster
	return p, cluster
}

// endTerm has the record say that another node leads, and awaits that the active node's
// servers are read-only.
func (p *pair) endTerm(t *testing.T) {
	t.Helper()
	must(t, p.Fix(replication.Record{Term: 2, TermID: "another", Node: "node3"}.String()))
	p.changed[0] <- struct{}{}
	for _, u := range p.active.Units {
		eventually(t, u.Name()+" to be read-only", func() bool { return !writable(t, u) })
	}
}

// freshness awaits that the active hears that from the backup.
func (p *pair) freshness(t *testing.T, word string) {
	t.Helper()
	eventually(t, "the active to hear that the backup is "+word, func() bool {
		return strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " "+word)
	})
}

// source is where the backup has to replicate its i-th database from.
func (p *pair) source(i int) string {
	return p.active.Units[i].Endpoint.Source(p.active.Listening.NodeAddress)
}

// writable reports whether a server answers and takes rows.
func writable(t *testing.T, u control.Unit) bool {
	t.Helper()
	store, err := u.Server.Open(testContext(t))
	if err != nil {
		return false
	}
	defer store.Close()
	yes, err := store.Writable(testContext(t))
	return err == nil && yes
}

func status(t *testing.T, u control.Unit) ovsdbctl.SyncStatus {
	t.Helper()
	s, err := u.Server.SyncStatus(testContext(t))
	must(t, err)
	return s
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually awaits a condition that nothing announces.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx := testContext(t)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-ticker.C:
		}
	}
}

// reachable reports whether clients reach a server.
func reachable(t *testing.T, endpoint string, u control.Unit) bool {
	t.Helper()
	store, err := ovsdbctl.Open(testContext(t), endpoint, u.Server.Database)
	if err == nil {
		store.Close()
	}
	return err == nil
}
