package replication_test

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// cluster stands for the cluster manager; the servers of its nodes are real.
type cluster struct {
	mu     sync.Mutex
	active map[string]string
	scores map[string]string
}

func newCluster() *cluster {
	return &cluster{active: map[string]string{}, scores: map[string]string{}}
}

// seat is a node's place in the cluster.
type seat struct {
	*cluster
	node string
}

var _ replication.Cluster = seat{}

func (s seat) set(in map[string]string, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(in, s.node)
	if value != "" {
		in[s.node] = value
	}
}

func (s seat) get(in map[string]string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(in)
}

func (s seat) PublishActive(_ context.Context, sources string) error {
	s.set(s.active, sources)
	return nil
}

func (s seat) ActiveNodes(context.Context) (map[string]string, error) { return s.get(s.active), nil }

func (s seat) SetScore(_ context.Context, score int) error {
	s.set(s.scores, strconv.Itoa(score))
	return nil
}

func (s seat) ClearScore(context.Context) error {
	s.set(s.scores, "")
	return nil
}

func (s seat) Scores(context.Context) (map[string]string, error) { return s.get(s.scores), nil }

// newNode returns a node of c with directories of its own. Its servers are
// stopped when the test ends.
func newNode(t *testing.T, c *cluster, name, address string, ports [2]uint16) *replication.Controller {
	t.Helper()
	directory, err := os.MkdirTemp("", "ovn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	layout, err := process.DiscoverLayout(process.Layout{
		RunDir: filepath.Join(directory, "run"), DatabaseDir: filepath.Join(directory, "db"), LogDir: filepath.Join(directory, "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(t.Output())
	log.SetLevel(logrus.DebugLevel)
	node := &replication.Controller{
		Instance: "ovndb", Node: name, Layout: layout,
		Units: replication.Units(layout,
			replication.Endpoint{Protocol: "tcp", Port: ports[0]}, replication.Endpoint{Protocol: "tcp", Port: ports[1]}),
		Listening: replication.Listening{
			MasterIP: netip.MustParseAddr("127.0.0.9"), NodeAddress: netip.MustParseAddr(address), MasterIPOnly: true,
			ClientProbe: 5 * time.Second, ReplicationProbe: time.Minute,
		},
		Cluster: seat{cluster: c, node: name},
		Holds:   func(a netip.Addr) bool { return a.String() == address || a.String() == "127.0.0.9" },
		Log:     log.WithField("node", name),
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := node.Stop(ctx); err != nil {
			t.Errorf("node %s does not stop: %v", name, err)
		}
	})
	return node
}

// freePorts returns two ports nobody listens on.
func freePorts(t *testing.T) [2]uint16 {
	t.Helper()
	var ports [2]uint16
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports[i] = netip.MustParseAddrPort(l.Addr().String()).Port()
	}
	return ports
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test on the error of an action.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// status returns what a unit's server says of itself.
func status(t *testing.T, u replication.Unit) ovsdbctl.SyncStatus {
	t.Helper()
	s, err := u.Server.SyncStatus(testContext(t))
	must(t, err)
	return s
}

// wantHealth monitors a node and checks the verdict.
func wantHealth(t *testing.T, c *replication.Controller, want replication.Health) replication.Verdict {
	t.Helper()
	v := c.Monitor(testContext(t), false)
	if v.Health != want {
		t.Fatalf("node %s is %q (%s), want %q", c.Node, v.Health, v.Reason(), want)
	}
	return v
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
			t.Fatalf("in vain waited for: %s", what)
		case <-ticker.C:
		}
	}
}
