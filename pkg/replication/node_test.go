package replication_test

import (
	"context"
	"errors"
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

	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// cluster stands for the cluster manager; the servers of its nodes are real.
type cluster struct {
	mu        sync.Mutex
	published map[replication.Topic]map[string]string
	scores    map[string]string
	record    string
	readOnly  bool
	failed    []string
}

func newCluster() *cluster {
	return &cluster{published: map[replication.Topic]map[string]string{}, scores: map[string]string{}}
}

// seat is a node's place in the cluster.
type seat struct {
	*cluster
	node string
}

var _ replication.Cluster = seat{}

func (s seat) Publish(_ context.Context, topic replication.Topic, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.published[topic] == nil {
		s.published[topic] = map[string]string{}
	}
	set(s.published[topic], s.node, value)
	return nil
}

func set(values map[string]string, node, value string) {
	delete(values, node)
	if value != "" {
		values[node] = value
	}
}

func (s seat) Published(_ context.Context, topic replication.Topic) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := maps.Clone(s.published[topic])
	if values == nil {
		values = map[string]string{}
	}
	return values, nil
}

func (s seat) SetScore(_ context.Context, node string, score int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if node == "" {
		node = s.node
	}
	set(s.scores, node, strconv.Itoa(score))
	return nil
}

func (s seat) ClearScore(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.scores, s.node)
	return nil
}

func (s seat) Scores(context.Context) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.scores), nil
}

func (s seat) ScoreInCIB(context.Context) (string, error) { return s.score(s.node), nil }

func (s seat) Record(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record, nil
}

func (s seat) SetRecord(_ context.Context, record string) error { return s.setRecord(record) }

func (c *cluster) setRecord(record string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readOnly {
		return errors.New("the CIB cannot be written")
	}
	c.record = record
	return nil
}

func (s seat) ForgiveFailedPromotion(context.Context) error { return nil }

func (s seat) Fail(_ context.Context, node string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, node)
	return nil
}

// refuseRecord makes every attempt to write the record fail.
func (c *cluster) refuseRecord(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readOnly = refuse
}

// score returns a node's promotion score, empty if it has none.
func (c *cluster) score(node string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scores[node]
}

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
		Cluster:   seat{cluster: c, node: name},
		CanListen: network.Interfaces{}.CanListen,
		Holds:     func(a netip.Addr) bool { return a.String() == address || a.String() == "127.0.0.9" },
		Log:       log.WithField("node", name),
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
