//go:build integration

package integration_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// testTimeout bounds one test, so that a hang still leaves its logs.
const testTimeout = 4 * time.Minute

// harness is the state that all tests share.
type harness struct {
	config   cluster.Config
	logs     string
	picture  string
	progress *cluster.Progress
	// shared is nil while no test needs it: two clusters at once are slow.
	shared *cluster.Cluster
}

// suite is set by TestMain before any test runs, and only read afterwards.
var suite harness

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run runs the tests and removes the shared cluster, also if a signal ends them.
func run(m *testing.M) int {
	binary := flag.String("bin", orElse(os.Getenv("OVNDB_SERVERS_BIN"), "../bin/ovndb-servers"), "the agent's `program`")
	agent := flag.String("agent", cluster.OVNAgent, "the resource's agent, as `class:provider:type`")
	release := flag.String("suite", orElse(os.Getenv("SUITE"), string(cluster.Trixie)), "the nodes' Debian `release`")
	logs := flag.String("logs", filepath.Join(os.TempDir(), "ovndb-servers-integration"), "`directory` for logs of failed tests")
	picture := flag.String("picture", os.Getenv("PICTURE"), "`file` for the picture of TestMonitoringTellsTheStoryOfAFailover")
	keep := flag.Bool("keep", false, "leave the shared cluster running")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	suite = harness{
		config: cluster.Config{
			Name: clusterName("test", *release, *keep), Suite: cluster.Suite(*release), Agent: *agent, Persistent: *keep,
		},
		logs:     *logs,
		picture:  *picture,
		progress: cluster.NewProgress(os.Stderr),
	}
	if *agent == cluster.OVNAgent {
		suite.config.Binary = *binary
	}
	if err := suite.prepare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ended := make(chan int, 1)
	go func() { ended <- m.Run() }()
	code := 1
	select {
	case code = <-ended:
	case <-ctx.Done():
	}
	if *keep {
		return code
	}
	if err := suite.end(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// prepare checks that there is an agent to test, and removes clusters that an earlier run has left.
func (h *harness) prepare(ctx context.Context) error {
	if h.config.Binary != "" {
		if _, err := os.Stat(h.config.Binary); err != nil {
			return fmt.Errorf("no agent to test (build it, or name it with -bin): %w", err)
		}
	}
	if err := cluster.EnsureHost(ctx, h.progress); err != nil {
		return err
	}
	return cluster.CleanStale(ctx)
}

// start brings the shared cluster up, unless it is there.
func (h *harness) start(ctx context.Context) error {
	if h.shared != nil {
		return nil
	}
	config := h.config
	config.LogDir = filepath.Join(h.logs, "bring-up")
	if config.Agent == cluster.OVNAgent {
		config.DiskSize = "512m"
		config.Parameters = map[string]string{"disk_patience": "5"} // s
	}
	shared, err := cluster.Up(ctx, config, h.progress)
	h.shared = shared
	return err
}

// end removes the shared cluster, if it is there.
func (h *harness) end() error {
	if h.shared == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := h.shared.Down(ctx)
	h.shared = nil
	return err
}

// sharedCluster returns the cluster that the tests share, settled and with all
// nodes up, with the rows and parameters that the test before has left. Tests that use it must not
// run in parallel.
func sharedCluster(t *testing.T) (context.Context, *cluster.Cluster) {
	t.Helper()
	ctx := testContext(t)
	if err := suite.start(ctx); err != nil {
		t.Fatal(err)
	}
	collectIfFailed(t, suite.shared)
	if err := suite.shared.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	awaitRest(ctx, t, suite.shared)
	if suite.config.Agent == cluster.OVNAgent {
		awaitReplication(ctx, t, suite.shared)
	}
	return ctx, suite.shared
}

// awaitRest awaits a cluster that has settled and has nothing more to do. It does so
// twice: a cluster may look settled before it has probed a node that has just come back.
func awaitRest(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	for range 2 {
		if err := c.Await(ctx, "the cluster to settle", c.Settled()); err != nil {
			t.Fatal(err)
		}
		if err := c.AwaitIdle(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitReplication waits until every backup follows the promoted node: without that, the
// next promoted node need not have the rows of a test.
func awaitReplication(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	err := c.ForEachNode(func(node cluster.Node) error {
		return c.AwaitThat(ctx, node.Name+" to be healthy", func(ctx context.Context) error {
			result, err := c.Exec(ctx, node.Name, "ovndb-servers", "status")
			if err == nil && result.Code != 0 {
				err = fmt.Errorf("status: %s", result)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ownCluster brings up a cluster for one test, configured as the shared one and then
// changed by change, and removes it afterwards. The shared one is removed before, unless it is to
// stay: at rest it takes a third of a processor. Such tests are in files named own_*, so that they run
// one after the other and the shared cluster is brought up twice only.
func ownCluster(t *testing.T, change func(*cluster.Config)) (context.Context, *cluster.Cluster) {
	t.Helper()
	return ownClusterWithin(t, testTimeout, change)
}

// ownClusterWithin is [ownCluster] of a test that may take longer or shorter than others.
func ownClusterWithin(t *testing.T, timeout time.Duration, change func(*cluster.Config)) (context.Context, *cluster.Cluster) {
	t.Helper()
	ctx := contextWithin(t, timeout)
	config := suite.config
	if !config.Persistent {
		if err := suite.end(); err != nil {
			t.Fatal(err)
		}
	}
	config.Persistent = false
	config.Name = clusterName(t.Name(), string(config.Suite), false)
	config.LogDir = filepath.Join(suite.logs, t.Name())
	change(&config)
	c, err := cluster.Up(ctx, config, suite.progress)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.Down(ctx); err != nil {
			t.Error(err)
		}
	})
	collectIfFailed(t, c)
	return ctx, c
}

// clusterName names a cluster after its purpose, and differently from those of other runs
// of the tests on this machine, unless it is to stay.
func clusterName(purpose, release string, stays bool) string {
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(purpose)) + "-" + release
	if !stays {
		name += "-" + strconv.Itoa(os.Getpid())
	}
	return name
}

// testContext returns a context that ends with the test, or when it takes too
// long.
func testContext(t *testing.T) context.Context {
	t.Helper()
	return contextWithin(t, testTimeout)
}

func contextWithin(t *testing.T, timeout time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, errors.New("the test takes too long"))
	t.Cleanup(cancel)
	return ctx
}

// collectIfFailed keeps a cluster's logs if the test fails.
func collectIfFailed(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		dir := filepath.Join(suite.logs, t.Name())
		t.Logf("logs are in %s (%v)", dir, c.CollectLogs(ctx, dir))
	})
}

// orElse returns value, or fallback if it is empty.
func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
