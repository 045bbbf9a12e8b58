//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
	"ovndb-servers/integration/prometheus"
)

const (
	monitoringTimeout = 6 * time.Minute
	// metricsPort is where the supervisor of each node shows metrics.
	metricsPort = 9476
	// scrapeInterval is between two scrapes of a node, two evaluations of the alerts, and two outputs of
	// status -w.
	scrapeInterval = time.Second
	// scrapeDelay is how late a scrape may be, on a machine that is busy.
	scrapeDelay = time.Second
	// monitoringFiles are the alerts and the dashboard that the packages ship.
	monitoringFiles = "../packaging/monitoring"
	// clientsMoveWithin bounds the time from a promotion to the first row of a client at the virtual
	// address: Pacemaker moves it meanwhile.
	clientsMoveWithin = 15 * time.Second
)

// watched is a cluster under writers, which a Prometheus scrapes, and status -w shows.
type watched struct {
	*trial

	server *prometheus.Server
	began  time.Time
	seen   *statusWatch
}

// Under writers the promoted node loses its power, and comes back. status -w on another node, the events of
// all nodes and a Prometheus that scrapes them tell the same story: which node led before, and which one
// after, in which terms, and since when. Each query of the dashboard has data. Then all nodes are demoted for
// a while, and a server is killed: those alerts fire that should, and no others.
func TestMonitoringTellsTheStoryOfAFailover(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	needPrometheus(t)
	w := watch(newMeasured(t))
	before, others := w.promoted()
	w.watchStatus(others[0])
	w.awaitSamples(10 * time.Second)
	w.wantNoAlert()

	w.isLost(before)
	killed := time.Now()
	w.check(w.PowerOff(w.ctx, before))
	lost := time.Now()
	w.awaitCluster("another node to lead", w.SettledOn(others...))
	after, _ := w.promoted()
	w.awaitClients(killed)
	w.check(w.PowerOn(w.ctx, before))
	w.awaitCluster("the node to be back", w.Settled())
	w.await("the node to be healthy", func(ctx context.Context) error { return w.isHealthy(ctx, before) })
	w.awaitSamples(5 * time.Second)
	w.wantStory(before, after, killed)
	w.wantGone(before, lost)
	w.wantPanels(killed, before, after)
	w.wantCleanMetrics()
	w.wantPatience()

	w.demoteAll()
	w.killServer(others)
	w.wantAlerts()
	w.end()
}

// newMeasured returns the shared cluster with a writer to each database; its nodes serve metrics until the
// test ends.
func newMeasured(t *testing.T) *trial {
	t.Helper()
	_, c := sharedCluster(t)
	s := &trial{hand: hand{Cluster: c, t: t, ctx: contextWithin(t, monitoringTimeout)}}
	const parameter = "metrics_listen"
	t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			return errors.Join(c.SetParameter(ctx, cluster.Resource, parameter, ""), c.AwaitIdle(ctx), c.Await(ctx, "the cluster to settle", c.Settled()))
		})
	})
	s.restart(func() { s.check(c.SetParameter(s.ctx, cluster.Resource, parameter, metricsAddress("0.0.0.0"))) })
	awaitRest(s.ctx, t, c)
	awaitReplication(s.ctx, t, c)
	return trialOf(s.ctx, t, c)
}

// metricsAddress is where a host serves metrics.
func metricsAddress(host string) string { return net.JoinHostPort(host, strconv.Itoa(metricsPort)) }

// needPrometheus skips a test where there is none.
func needPrometheus(t *testing.T) {
	t.Helper()
	for _, program := range []string{"prometheus", "promtool"} {
		if _, err := prometheus.Find(program); err != nil {
			t.Skip(err)
		}
	}
}

// watch starts a Prometheus that scrapes all nodes of a trial, and evaluates the packaged alerts.
func watch(s *trial) *watched {
	s.t.Helper()
	rules, err := filepath.Abs(filepath.Join(monitoringFiles, "alerts.yaml"))
	s.check(err)
	targets := map[string]string{}
	for _, node := range s.Nodes() {
		targets[node.Name] = metricsAddress(node.Address.String())
	}
	ctx, cancel := context.WithCancel(s.ctx)
	server, err := prometheus.Start(ctx, s.t.TempDir(), prometheus.Config{Interval: scrapeInterval, Rules: []string{rules}, Targets: targets})
	if server != nil {
		s.t.Cleanup(func() { _ = server.AwaitEnd() }) // it was told to
	}
	s.t.Cleanup(cancel) // runs before the other
	s.check(err)
	w := &watched{trial: s, server: server, began: time.Now()}
	s.await("each node to be scraped", func(ctx context.Context) error {
		nodes := w.series(ctx, "up == 1")
		if len(nodes) != len(targets) {
			return fmt.Errorf("%d nodes are scraped", len(nodes))
		}
		return nil
	})
	return w
}

// series evaluates an expression now; without an answer there are none.
func (w *watched) series(ctx context.Context, expression string) []prometheus.Series {
	w.t.Helper()
	found, err := w.server.Query(ctx, expression, time.Now())
	if err != nil && ctx.Err() == nil {
		w.t.Error(err)
	}
	return found
}

// samples returns what was scraped of a selector since the beginning.
func (w *watched) samples(selector string) []prometheus.Series {
	w.t.Helper()
	return w.series(w.ctx, fmt.Sprintf("%s[%ds]", selector, int(time.Since(w.began).Seconds())+1))
}

// awaitSamples waits until the nodes have been scraped for so long from now on.
func (w *watched) awaitSamples(length time.Duration) {
	w.t.Helper()
	until := time.Now().Add(length)
	w.await("scrapes for "+length.String(), func(ctx context.Context) error {
		for _, one := range w.series(ctx, "timestamp(ovndb_healthy)") {
			if last := time.UnixMilli(int64(one.Points[0].Value * 1000)); last.Before(until) {
				return fmt.Errorf("%s was scraped last at %s", one.Labels["instance"], last)
			}
		}
		return nil
	})
}

// awaitClients waits until the writers have had rows acknowledged again after a time.
func (w *watched) awaitClients(after time.Time) {
	w.t.Helper()
	for _, writer := range w.writers {
		_, err := writer.AwaitRecovery(w.ctx, after)
		w.check(err)
	}
}

// demoteAll keeps the role from all nodes until the alert of that fires, and gives it back.
func (w *watched) demoteAll() {
	w.t.Helper()
	w.t.Cleanup(func() {
		w.undo(func(ctx context.Context) error { return w.SetMeta(ctx, cluster.Clone, "target-role", "") })
	})
	w.check(w.SetMeta(w.ctx, cluster.Clone, "target-role", string(cluster.Unpromoted)))
	w.awaitAlert("OVNDBNoActive", true)
	w.check(w.SetMeta(w.ctx, cluster.Clone, "target-role", ""))
	w.awaitCluster("a node to lead again", w.Settled())
	w.awaitAlert("OVNDBNoActive", false)
}

// killServer kills a server of a backup, which its supervisor restarts in place.
func (w *watched) killServer(nodes []string) {
	w.t.Helper()
	active, _ := w.promoted()
	for _, node := range nodes {
		if node != active {
			w.signal(node, ovsdb.Southbound(), syscall.SIGKILL)
			break
		}
	}
	w.awaitAlert("OVNDBServerRestarted", true)
}
