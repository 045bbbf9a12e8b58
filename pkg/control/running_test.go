package control_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// withoutRunDirectory starts a node, removes the servers' run directory and returns their
// processes.
func withoutRunDirectory(t *testing.T, node *control.Controller) [2]int {
	t.Helper()
	must(t, node.Start(testContext(t)))
	before := controltest.PIDs(t, node)
	must(t, os.RemoveAll(node.Layout.RunDir))
	return before
}

func wantEnded(t *testing.T, pids [2]int) {
	t.Helper()
	for _, pid := range pids {
		if a, err := process.Inspect(pid); err == nil && !a.Zombie {
			t.Errorf("process %d is still there: %+v", pid, a)
		}
	}
}

func TestServersWithoutRunDirectoryAreFailedAndNotStopped(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	before := withoutRunDirectory(t, node)
	if v := node.Probe(testContext(t)); v.Health != replication.HealthFailed {
		t.Errorf("probe says %q (%s)", v.Health, v.Reason())
	}
	wantHealth(t, node, replication.HealthFailed)
	must(t, node.Stop(testContext(t)))
	wantEnded(t, before)
	wantHealth(t, node, replication.HealthStopped)
}

func TestStartOverServersWithoutRunDirectoryReplacesThem(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	before := withoutRunDirectory(t, node)
	must(t, node.Start(testContext(t)))
	wantEnded(t, before)
	wantHealth(t, node, replication.HealthBackup)
}

// startAsOVN starts a unit's server as OVN's ovn-ctl does: with a monitor process, active, and with
// the clients' listeners.
func startAsOVN(t *testing.T, u control.Unit) {
	t.Helper()
	startWith(t, u)
}

// startAsFirstVersion starts a unit's server as the first version of this agent did, which gave it its
// own environment.
func startAsFirstVersion(t *testing.T, u control.Unit) {
	t.Helper()
	startWith(t, u, "OVNDB_SERVERS_PIDFILE="+u.Files.Pidfile, "OCF_RESOURCE_INSTANCE=ovndb")
}

func startWith(t *testing.T, u control.Unit, variables ...string) {
	t.Helper()
	_, err := process.DatabaseFile{Path: u.Files.Database, Schema: u.Files.Schema}.Ensure(testContext(t))
	must(t, err)
	cmd := exec.CommandContext(testContext(t), "ovsdb-server", "-vconsole:off", "--detach", "--monitor",
		"--pidfile="+u.Files.Pidfile, "--log-file="+u.Files.LogFile, "--unixctl="+u.Files.ControlSocket,
		"--remote=punix:"+u.Files.DataSocket, "--remote=db:"+u.Name()+","+strings.TrimPrefix(u.Name(), "OVN_")[:1]+"B_Global,connections",
		u.Files.Database)
	cmd.Env = append(os.Environ(), variables...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestStartOverServersOfOVNsOwnScriptsReplacesThemByBackups(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Layout.Prepare(node.Owner))
	for _, u := range node.Units {
		startAsOVN(t, u)
	}
	before := controltest.PIDs(t, node)
	if v := node.Probe(testContext(t)); v.Health != replication.HealthBackupDegraded {
		t.Errorf("probe says %q (%s)", v.Health, v.Reason())
	}
	if after := controltest.PIDs(t, node); after != before || status(t, node.Units[0]).Role != "active" {
		t.Errorf("a probe made %v of %v", after, before)
	}
	must(t, node.Start(testContext(t)))
	wantEnded(t, before)
	wantHealth(t, node, replication.HealthBackup)
	for i, pid := range controltest.PIDs(t, node) {
		if elsewhere := node.Units[i].Files.StartedElsewhere(pid); elsewhere {
			t.Errorf("process %d was not started by the agent", pid)
		}
	}
}

func TestStartBesideAServerOfSystemdsIsRefusedAndStopLeavesIt(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Layout.Prepare(node.Owner))
	startAsOVN(t, node.Units[1])
	pid, err := node.Units[1].Running()
	must(t, err)
	asServiceOf(t, pid, "ovn-central.service")
	err = node.Start(testContext(t))
	if !errors.Is(err, control.ErrForeign) || !strings.Contains(err.Error(), "systemctl disable --now ovn-central") {
		t.Errorf("start says %v", err)
	}
	must(t, node.Stop(testContext(t)))
	if again, err := node.Units[1].Running(); err != nil || again != pid || status(t, node.Units[1]).Role != "active" {
		t.Errorf("process %d became %d, %v", pid, again, err)
	}
	if pid, err := node.Units[0].Running(); err != nil || pid != 0 {
		t.Errorf("the agent's own server is left: %d, %v", pid, err)
	}
}
