package replication_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/replication/replicationtest"
)

// newNorthdNode returns a started node whose agent manages ovn-northd.
func newNorthdNode(t *testing.T, c *replicationtest.Cluster) *replication.Controller {
	t.Helper()
	node := replicationtest.NewNode(t, c, "node1", "127.0.0.1", replicationtest.FreePorts(t))
	node.ManageNorthd = true
	must(t, node.Start(testContext(t)))
	return node
}

// newLeadingNorthdNode returns one that is promoted.
func newLeadingNorthdNode(t *testing.T) *replication.Controller {
	t.Helper()
	node := newNorthdNode(t, replicationtest.NewCluster())
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	return node
}

// northd returns the process of a node's ovn-northd, which has to run.
func northd(t *testing.T, c *replication.Controller) int {
	t.Helper()
	pid, err := c.NorthdPidfile().Owner()
	must(t, err)
	return pid
}

// spawnNorthd starts an ovn-northd as somebody else would.
func spawnNorthd(t *testing.T, c *replication.Controller) int {
	t.Helper()
	files := c.Layout.Northd()
	daemon := process.OVNNorthd(process.NorthdOptions{
		Files: files, Northbound: c.Layout.Northbound().DataSocket, Southbound: c.Layout.Southbound().DataSocket,
	})
	must(t, daemon.Start(testContext(t)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := process.Stop(ctx, c.NorthdPidfile(), process.NorthdProgram, nil)
		if err != nil {
			t.Error(err)
		}
	})
	return northd(t, c)
}

func signalNorthd(t *testing.T, c *replication.Controller, signal syscall.Signal) {
	t.Helper()
	must(t, syscall.Kill(northd(t, c), signal))
}

func killNorthd(t *testing.T, c *replication.Controller) {
	t.Helper()
	pid := northd(t, c)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	must(t, process.WaitExit(testContext(t), pid))
}

// wantNoNorthd checks that nothing of a node's ovn-northd is left.
func wantNoNorthd(t *testing.T, c *replication.Controller) {
	t.Helper()
	if pid, err := c.NorthdPidfile().Owner(); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("ovn-northd of node %s runs as process %d (%v)", c.Node, pid, err)
	}
	left, err := filepath.Glob(filepath.Join(c.Layout.RunDir, "*northd*"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}

// wantRound checks that ovn-northd goes once from the northbound database to the
// southbound one.
func wantRound(t *testing.T, c *replication.Controller, round int) {
	t.Helper()
	transact(t, c, fmt.Sprintf(`["OVN_Northbound",{"op":"update","table":"NB_Global","where":[],"row":{"nb_cfg":%d}}]`, round))
	want := fmt.Sprintf(`"nb_cfg":%d`, round)
	eventually(t, "a round of ovn-northd", func() bool {
		out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+c.Units[1].Server.DataSocket,
			`["OVN_Southbound",{"op":"select","table":"SB_Global","where":[],"columns":["nb_cfg"]}]`).Output()
		return err == nil && strings.Contains(string(out), want)
	})
}

func TestPromoteWithManagedNorthdEndsWithItAtWork(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, replicationtest.NewCluster())
	wantNoNorthd(t, node)
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	wantHealth(t, node, replication.HealthActive)
	wantRound(t, node, 1)
	pid := northd(t, node)
	// Where ovn-appctl -t ovn-northd looks.
	socket := fmt.Sprintf("%s/ovn-northd.%d.ctl", node.Layout.RunDir, pid)
	if said, err := (ovsdbctl.Unixctl{Socket: socket}).Call(testContext(t), "status"); err != nil || !strings.Contains(said, "active") {
		t.Errorf("it says %q, %v", said, err)
	}
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	if again := northd(t, node); again != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, again)
	}
}

func TestPromoteWithoutManagedNorthdStartsNone(t *testing.T) {
	t.Parallel()
	node := replicationtest.NewNode(t, replicationtest.NewCluster(), "node1", "127.0.0.1", replicationtest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	wantHealth(t, node, replication.HealthActive)
	must(t, node.EnsureNorthd(testContext(t)))
	wantNoNorthd(t, node)
}

func TestNorthdOfSomebodyElseIsLeftAloneWhereTheAgentDoesNotManageIt(t *testing.T) {
	t.Parallel()
	node := replicationtest.NewNode(t, replicationtest.NewCluster(), "node1", "127.0.0.1", replicationtest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	pid := spawnNorthd(t, node)
	wantHealth(t, node, replication.HealthBackup)
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	must(t, node.Demote(testContext(t)))
	must(t, node.StopNorthd(testContext(t)))
	must(t, node.Stop(testContext(t)))
	if now := northd(t, node); now != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, now)
	}
}

func TestNorthdThatIsNotAtWorkIsBackAfterAMonitorThatSaysSo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		breakIt func(*testing.T, *replication.Controller)
		reason  string
	}{
		{"killed", killNorthd, "ovn-northd was not running"},
		{"stopped by a signal", func(t *testing.T, c *replication.Controller) {
			t.Helper()
			signalNorthd(t, c, syscall.SIGSTOP)
			eventually(t, "it to stop", func() bool { return c.LookAtNorthd().Stopped })
		}, "its process is stopped by a signal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node := newLeadingNorthdNode(t)
			before, servers := northd(t, node), pids(t, node)
			tt.breakIt(t, node)
			v := wantHealth(t, node, replication.HealthActiveDegraded)
			if !strings.Contains(v.Reason(), tt.reason) {
				t.Errorf("reason is %q, want it to say %q", v.Reason(), tt.reason)
			}
			if after := northd(t, node); after == before {
				t.Errorf("ovn-northd is still process %d", before)
			}
			wantHealth(t, node, replication.HealthActive)
			wantRound(t, node, 1)
			if now := pids(t, node); now != servers {
				t.Errorf("servers were %v and are %v", servers, now)
			}
			sockets, err := filepath.Glob(filepath.Join(node.Layout.RunDir, "ovn-northd.*.ctl"))
			if err != nil || len(sockets) != 1 {
				t.Errorf("control sockets are %v, want one (%v)", sockets, err)
			}
		})
	}
}

func TestEnsureNorthdOnAPromotedNodeBringsItBack(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	killNorthd(t, node)
	must(t, node.EnsureNorthd(testContext(t)))
	pid := northd(t, node)
	must(t, node.EnsureNorthd(testContext(t)))
	if again := northd(t, node); again != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, again)
	}
	wantRound(t, node, 1)
}

func TestDemoteEndsNorthd(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	must(t, node.Demote(testContext(t)))
	wantNoNorthd(t, node)
	wantHealth(t, node, replication.HealthBackup)
	must(t, node.EnsureNorthd(testContext(t)))
	wantNoNorthd(t, node)
}

func TestDemoteEndsANorthdThatIsStoppedByASignal(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	signalNorthd(t, node, syscall.SIGSTOP)
	must(t, node.Demote(testContext(t)))
	wantNoNorthd(t, node)
}

// The parameters are not known where the configuration is broken.
func TestStopEndsTheNorthdThatTheAgentStartedWhateverTheParametersSay(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	node.ManageNorthd = false
	must(t, node.Stop(testContext(t)))
	wantNoNorthd(t, node)
	must(t, node.Stop(testContext(t)))
}

func TestALeftOverNorthdOnANodeThatIsNotPromotedIsEnded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		act  func(*testing.T, *replication.Controller)
	}{
		{"by start", func(t *testing.T, c *replication.Controller) { t.Helper(); must(t, c.Start(testContext(t))) }},
		{"by demote", func(t *testing.T, c *replication.Controller) { t.Helper(); must(t, c.Demote(testContext(t))) }},
		{"by EnsureNorthd", func(t *testing.T, c *replication.Controller) { t.Helper(); must(t, c.EnsureNorthd(testContext(t))) }},
		{"by StopNorthd", func(t *testing.T, c *replication.Controller) { t.Helper(); must(t, c.StopNorthd(testContext(t))) }},
		{"by monitor, which says so", func(t *testing.T, c *replication.Controller) {
			t.Helper()
			v := wantHealth(t, c, replication.HealthBackupDegraded)
			if !strings.Contains(v.Reason(), "ran on a node that is not promoted") {
				t.Errorf("reason is %q", v.Reason())
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node := newNorthdNode(t, replicationtest.NewCluster())
			spawnNorthd(t, node)
			tt.act(t, node)
			wantNoNorthd(t, node)
			wantHealth(t, node, replication.HealthBackup)
		})
	}
}

// It has asked for its lock in vain while the server was a backup.
func TestPromoteReplacesANorthdThatRanBesideABackup(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, replicationtest.NewCluster())
	pid := spawnNorthd(t, node)
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	if now := northd(t, node); now == pid {
		t.Errorf("ovn-northd is still process %d", pid)
	}
	wantHealth(t, node, replication.HealthActive)
	wantRound(t, node, 1)
}

func TestANorthdThatSomebodyStartedOnThePromotedNodeIsAdopted(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	must(t, node.StopNorthd(testContext(t)))
	pid := spawnNorthd(t, node)
	wantHealth(t, node, replication.HealthActive)
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	must(t, node.EnsureNorthd(testContext(t)))
	if now := northd(t, node); now != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, now)
	}
	wantRound(t, node, 1)
	must(t, node.Demote(testContext(t)))
	wantNoNorthd(t, node)
}

// The program cannot create its pidfile.
func TestNorthdThatCannotBeStartedDoesNotFailThePromotion(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, replicationtest.NewCluster())
	obstacle := node.Layout.Northd().Pidfile + ".tmp"
	must(t, os.Mkdir(obstacle, 0o755))
	must(t, node.Promote(testContext(t), replication.Electorate{}))
	v := wantHealth(t, node, replication.HealthActiveDegraded)
	if !strings.Contains(v.Reason(), "ovn-northd was not running; cannot start ovn-northd") || !strings.Contains(v.Reason(), "Is a directory") {
		t.Errorf("reason is %q", v.Reason())
	}
	insert(t, node, "a")
	must(t, os.Remove(obstacle))
	wantHealth(t, node, replication.HealthActiveDegraded)
	wantHealth(t, node, replication.HealthActive)
	wantRound(t, node, 1)
}

// The next node to lead runs one, and the one that led does not.
func TestNorthdMovesWithThePromotion(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	for _, n := range three.nodes {
		n.ManageNorthd = true
	}
	three.promote(t, 0)
	wantRound(t, three.nodes[0], 1)
	must(t, three.nodes[0].Demote(testContext(t)))
	three.promote(t, 1)
	wantRound(t, three.nodes[1], 2)
	for _, i := range []int{0, 2} {
		wantNoNorthd(t, three.nodes[i])
	}
}

func TestAssessNorthd(t *testing.T) {
	t.Parallel()
	running, absent := replication.Northd{Managed: true, PID: 7}, replication.Northd{Managed: true}
	start, stop := replication.Repair{Kind: replication.RepairStartNorthd}, replication.Repair{Kind: replication.RepairStopNorthd}
	forget := replication.Repair{Kind: replication.RepairForget}
	active, backup := pair(replication.ConditionActive, replication.ConditionActive), pair(replication.ConditionBackup, replication.ConditionBackup)
	for _, tt := range []struct {
		name    string
		in      replication.Observation
		health  replication.Health
		repairs []replication.Repair
	}{
		{
			"active, it runs: all is well",
			replication.Observation{Servers: active, Promoted: true, Northd: running},
			replication.HealthActive, nil,
		},
		{
			"active, it does not run: started, degraded",
			replication.Observation{Servers: active, Promoted: true, Northd: absent},
			replication.HealthActiveDegraded,
			[]replication.Repair{start},
		},
		{
			"active, it does not run, and is not the agent's: all is well",
			replication.Observation{Servers: active, Promoted: true},
			replication.HealthActive, nil,
		},
		{
			"active in a term that was never recorded, it does not run: not started",
			replication.Observation{Servers: active, Promoted: true, Term: replication.TermUnrecorded, Northd: absent},
			replication.HealthFailedActive, nil,
		},
		{
			"active in a term that is over, it runs: the servers are made read-only first",
			replication.Observation{Servers: active, Promoted: true, Term: replication.TermOver, Northd: running},
			replication.HealthBackupDegraded, append(parkBoth(), forget, stop),
		},
		{
			"active without a promotion, it runs: ended",
			replication.Observation{Servers: active, Northd: running},
			replication.HealthBackupDegraded, append(parkBoth(), stop),
		},
		{
			"backup, it runs: ended, degraded",
			replication.Observation{Servers: backup, Northd: running},
			replication.HealthBackupDegraded,
			[]replication.Repair{stop},
		},
		{
			"backup in spite of a note of a promotion, it runs: ended, degraded",
			replication.Observation{Servers: backup, Promoted: true, Northd: running},
			replication.HealthBackupDegraded,
			[]replication.Repair{forget, stop},
		},
		{
			"backup, one of somebody else runs: left alone",
			replication.Observation{Servers: backup, Northd: replication.Northd{PID: 7}},
			replication.HealthBackup, nil,
		},
		{
			"one server dead on the promoted node, it runs: that is no matter now",
			replication.Observation{
				Servers: pair(replication.ConditionAbsent, replication.ConditionActive), Promoted: true, Northd: running,
			},
			replication.HealthFailedActive, nil,
		},
		{
			"busy on the promoted node, it does not run: left to a later look",
			replication.Observation{
				Servers: pair(replication.ConditionBusy, replication.ConditionActive), Promoted: true, Northd: absent,
			},
			replication.HealthActiveDegraded, nil,
		},
		{
			"no server runs, it does: stopped all the same",
			replication.Observation{
				Servers: pair(replication.ConditionAbsent, replication.ConditionAbsent), Northd: running,
			},
			replication.HealthStopped, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := replication.Assess(tt.in)
			if got.Health != tt.health {
				t.Errorf("health is %q, want %q (%s)", got.Health, tt.health, got.Reason())
			}
			if diff := cmp.Diff(tt.repairs, got.Repairs); diff != "" {
				t.Errorf("repairs (-want +got):\n%s", diff)
			}
		})
	}
}
