package control_test

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

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
)

// needNorthd skips a test where ovn-northd is not installed: Debian's bullseye has no OVN any more.
func needNorthd(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(process.NorthdProgram); err != nil {
		t.Skip("ovn-northd is not installed")
	}
}

// newNorthdNode returns a started node whose agent manages ovn-northd.
func newNorthdNode(t *testing.T, c *controltest.Cluster) *control.Controller {
	t.Helper()
	needNorthd(t)
	node := controltest.NewNode(t, c, "node1", "127.0.0.1", controltest.FreePorts(t))
	node.ManageNorthd = true
	must(t, node.Start(testContext(t)))
	return node
}

// newLeadingNorthdNode returns one that is promoted.
func newLeadingNorthdNode(t *testing.T) *control.Controller {
	t.Helper()
	node := newNorthdNode(t, controltest.NewCluster())
	must(t, node.Promote(testContext(t), replication.Participants{}))
	return node
}

// northd returns the process of a node's ovn-northd, which has to run.
func northd(t *testing.T, c *control.Controller) int {
	t.Helper()
	pid, err := c.NorthdPidfile().Owner()
	must(t, err)
	return pid
}

// spawnNorthd starts an ovn-northd as somebody else would.
func spawnNorthd(t *testing.T, c *control.Controller) int {
	t.Helper()
	needNorthd(t)
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

func signalNorthd(t *testing.T, c *control.Controller, signal syscall.Signal) {
	t.Helper()
	must(t, syscall.Kill(northd(t, c), signal))
}

func killNorthd(t *testing.T, c *control.Controller) {
	t.Helper()
	pid := northd(t, c)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	processtest.AwaitEnd(t, pid)
}

// wantNoNorthd checks that nothing of a node's ovn-northd is left.
func wantNoNorthd(t *testing.T, c *control.Controller) {
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
func wantRound(t *testing.T, c *control.Controller, round int) {
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
	node := newNorthdNode(t, controltest.NewCluster())
	wantNoNorthd(t, node)
	must(t, node.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, node, replication.HealthActive)
	wantRound(t, node, 1)
	pid := northd(t, node)
	// Where ovn-appctl -t ovn-northd looks.
	socket := fmt.Sprintf("%s/ovn-northd.%d.ctl", node.Layout.RunDir, pid)
	if said, err := (ovsdbctl.Unixctl{Socket: socket}).Call(testContext(t), "status"); err != nil || !strings.Contains(said, "active") {
		t.Errorf("it says %q, %v", said, err)
	}
	must(t, node.Promote(testContext(t), replication.Participants{}))
	if again := northd(t, node); again != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, again)
	}
}

func TestPromoteWithoutManagedNorthdStartsNone(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, node, replication.HealthActive)
	wantNoNorthd(t, node)
}

func TestNorthdOfSomebodyElseIsLeftAloneWhereTheAgentDoesNotManageIt(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	pid := spawnNorthd(t, node)
	wantHealth(t, node, replication.HealthBackup)
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
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
		breakIt func(*testing.T, *control.Controller)
		reason  string
	}{
		{"killed", killNorthd, "ovn-northd was not running"},
		{"stopped by a signal", func(t *testing.T, c *control.Controller) {
			t.Helper()
			signalNorthd(t, c, syscall.SIGSTOP)
			eventually(t, "it to stop", func() bool { return c.Observe(testContext(t), c.LiveView()).Northd.Stopped })
		}, "its process is stopped by a signal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node := newLeadingNorthdNode(t)
			before, servers := northd(t, node), controltest.PIDs(t, node)
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
			if now := controltest.PIDs(t, node); now != servers {
				t.Errorf("servers were %v and are %v", servers, now)
			}
			sockets, err := filepath.Glob(filepath.Join(node.Layout.RunDir, "ovn-northd.*.ctl"))
			if err != nil || len(sockets) != 1 {
				t.Errorf("control sockets are %v, want one (%v)", sockets, err)
			}
		})
	}
}

func TestDemoteEndsNorthd(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	must(t, node.Demote(testContext(t)))
	wantNoNorthd(t, node)
	wantHealth(t, node, replication.HealthBackup)
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
		act  func(*testing.T, *control.Controller)
	}{
		{"by start", func(t *testing.T, c *control.Controller) { t.Helper(); must(t, c.Start(testContext(t))) }},
		{"by demote", func(t *testing.T, c *control.Controller) { t.Helper(); must(t, c.Demote(testContext(t))) }},
		{"by StopNorthd", func(t *testing.T, c *control.Controller) { t.Helper(); must(t, c.StopNorthd(testContext(t))) }},
		{"by monitor, which says so", func(t *testing.T, c *control.Controller) {
			t.Helper()
			v := wantHealth(t, c, replication.HealthBackupDegraded)
			if !strings.Contains(v.Reason(), "ran on a node that is not promoted") {
				t.Errorf("reason is %q", v.Reason())
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node := newNorthdNode(t, controltest.NewCluster())
			spawnNorthd(t, node)
			tt.act(t, node)
			wantNoNorthd(t, node)
			wantHealth(t, node, replication.HealthBackup)
		})
	}
}

// It has asked for its lock without success while the server was a backup.
func TestPromoteReplacesANorthdThatRanBesideABackup(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, controltest.NewCluster())
	pid := spawnNorthd(t, node)
	must(t, node.Promote(testContext(t), replication.Participants{}))
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
	must(t, node.Promote(testContext(t), replication.Participants{}))
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
	node := newNorthdNode(t, controltest.NewCluster())
	obstacle := node.Layout.Northd().Pidfile + ".tmp"
	must(t, os.Mkdir(obstacle, 0o755))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	v := wantHealth(t, node, replication.HealthActiveDegraded)
	reason := v.Reason()
	if !strings.HasPrefix(reason, "cannot start ovn-northd: ") || !strings.Contains(reason, "Is a directory") || !strings.HasSuffix(reason, "; ovn-northd was not running") {
		t.Errorf("reason is %q", reason)
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
	needNorthd(t)
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

// The file names the listeners of the virtual address; through those for backups nothing may be written
// to the southbound database.
func TestNorthdUsesTheDatabasesOfItsParametersFile(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, controltest.NewCluster())
	node.NorthdParameters = filepath.Join(t.TempDir(), "params.conf")
	text := ""
	for i, option := range []string{"--ovnnb-db", "--ovnsb-db"} {
		text += option + "=" + node.Units[i].Endpoint.Source(node.Listening.MasterIP) + "\n"
	}
	must(t, os.WriteFile(node.NorthdParameters, []byte(text), 0o644))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	wantRound(t, node, 1)
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", northd(t, node)))
	must(t, err)
	for want := range strings.FieldsSeq(text) {
		if !strings.Contains(string(command), want+"\x00") {
			t.Errorf("ovn-northd was started without %s: %q", want, command)
		}
	}
}

func TestNorthdHasTheThreadsOfTheParameterUnlessItsOptionsSayHowMany(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{"": "2", "--n-threads=3": "3"} {
		node := newNorthdNode(t, controltest.NewCluster())
		node.NorthdThreads, node.NorthdParameters = 2, filepath.Join(t.TempDir(), "params.conf")
		if options != "" {
			must(t, os.WriteFile(node.NorthdParameters, []byte(options), 0o644))
		}
		must(t, node.Promote(testContext(t), replication.Participants{}))
		files := node.Layout.Northd()
		got, err := ovsdbctl.Unixctl{Socket: files.ControlSocket(northd(t, node))}.Call(testContext(t), "parallel-build/get-n-threads")
		if err != nil || strings.TrimSpace(got) != want {
			t.Errorf("with the options %q it has %q threads (%v), want %s", options, got, err, want)
		}
	}
}

func TestParametersFileThatCannotServeIsReportedByMonitorsOfANodeThatLeads(t *testing.T) {
	t.Parallel()
	node := newNorthdNode(t, controltest.NewCluster())
	node.NorthdParameters = filepath.Join(t.TempDir(), "params.conf")
	must(t, os.WriteFile(node.NorthdParameters, []byte("--unixctl=/tmp/x"), 0o644))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	wantNoNorthd(t, node)
	if v := node.Monitor(testContext(t), true); v.Health != replication.HealthActiveDegraded || !strings.Contains(v.Reason(), "--unixctl") {
		t.Errorf("health %s, reason %q", v.Health, v.Reason())
	}
}
