package control_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// asServiceOf moves a process into a control group that is called like a service, in
// the hierarchy that systemd would use, until the test is over.
func asServiceOf(t *testing.T, pid int, service string) {
	t.Helper()
	parent := "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(parent, "systemd")); err == nil {
		parent = filepath.Join(parent, "systemd")
	}
	slice, err := os.MkdirTemp(parent, "ovndb-servers-test-*")
	if err != nil {
		t.Skipf("control groups cannot be made here: %v", err)
	}
	group := filepath.Join(slice, service)
	must(t, os.Mkdir(group, 0o755))
	enter := func(group string) error {
		return os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
	}
	must(t, enter(group))
	t.Cleanup(func() {
		must(t, enter(parent))
		must(t, os.Remove(group))
		must(t, os.Remove(slice))
	})
}

func TestAServerThatSystemdRunsIsNamedWithTheCommandThatEndsItAndLeft(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	servers := controltest.PIDs(t, node)
	asServiceOf(t, servers[1], "ovn-ovsdb-server-sb.service")
	must(t, node.Units[1].Server.Activate(testContext(t)))
	v := wantHealth(t, node, replication.HealthBackupDegraded)
	const want = "systemd runs it: systemctl disable --now ovn-ovsdb-server-sb"
	if !strings.Contains(v.Reason(), want) {
		t.Errorf("reason is %q, want %q in it", v.Reason(), want)
	}
	if now := controltest.PIDs(t, node); now != servers || status(t, node.Units[1]).Role != "active" {
		t.Errorf("servers were %v and are %v", servers, now)
	}
}

func TestAServerInTheClusterManagersServiceIsNobodyElses(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	asServiceOf(t, controltest.PIDs(t, node)[0], "pacemaker.service")
	wantHealth(t, node, replication.HealthActive)
}

func TestANorthdThatSystemdRunsIsNamedWithTheCommandThatEndsIt(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	pid := northd(t, node)
	asServiceOf(t, pid, "ovn-northd.service")
	v := wantHealth(t, node, replication.HealthActiveDegraded)
	if !strings.HasSuffix(v.Reason(), "ovn-northd is run by systemd, too: systemctl disable --now ovn-northd") {
		t.Errorf("reason is %q", v.Reason())
	}
	if now := northd(t, node); now != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, now)
	}
}
