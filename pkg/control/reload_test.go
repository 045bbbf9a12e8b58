package control_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
)

// From an active and its backup with other probes and another role than the parameters: they have those of
// the parameters, the listener enforces the role, and every server and the replication go on.
func TestReloadChangesProbesAndRolesOfRunningServers(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led, backup := trio.nodes[0], trio.nodes[1]
	before := serverPIDs(t, led) + serverPIDs(t, backup)
	sb := led.Units[1]
	endpoint := fmt.Sprintf("tcp:127.0.0.9:%d", sb.Endpoint.Port)
	if reply := writeBy(t, endpoint); strings.Contains(reply, "error") {
		t.Fatalf("a client cannot write: %s", reply)
	}
	for _, node := range []*control.Controller{led, backup} {
		node.Listening.ClientProbe, node.Listening.ReplicationProbe = 7*time.Second, 8*time.Second
		node.Units[1].Endpoint.Role = "ovn-controller"
		node.Parameters = "accepted\nsb_role=ovn-controller"
		must(t, node.Reload(testContext(t)))
		if kept := control.ParametersIn(node.RunDir); kept != node.Parameters {
			t.Errorf("node %s keeps the parameters %q", node.Node, kept)
		}
	}
	for _, u := range led.Units {
		reply := string(transactOn(t, u, fmt.Sprintf(`[%q,{"op":"select","table":"Connection","where":[],"columns":["inactivity_probe"]}]`, u.Name())))
		if !strings.Contains(reply, "7000") || !strings.Contains(reply, "8000") {
			t.Errorf("the rows of %s are %s", u.Name(), reply)
		}
	}
	eventually(t, "the listener to enforce the role", func() bool { return strings.Contains(writeBy(t, endpoint), "permission error") })
	for _, u := range backup.Units {
		eventually(t, "the backup of "+u.Name()+" to replicate", func() bool { return status(t, u).Link == ovsdbctl.LinkReplicating })
	}
	if after := serverPIDs(t, led) + serverPIDs(t, backup); after != before {
		t.Errorf("the servers were processes %s and are %s", before, after)
	}
}

// serverPIDs names the processes of a node's servers.
func serverPIDs(t *testing.T, c *control.Controller) string {
	t.Helper()
	var pids strings.Builder
	for _, u := range c.Units {
		pid, err := u.Running()
		must(t, err)
		fmt.Fprint(&pids, pid, " ")
	}
	return pids.String()
}

func TestReloadOfANodeWithoutServersSaysSoAndChangesNothing(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.Parameters = "accepted"
	if err := node.Reload(testContext(t)); !errors.Is(err, control.ErrNothingRuns) {
		t.Errorf("got error %v", err)
	}
	if kept := control.ParametersIn(node.RunDir); kept != "" {
		t.Errorf("the parameters %q were kept", kept)
	}
}

func TestReloadGivesTheNorthdThatRunsItsThreads(t *testing.T) {
	t.Parallel()
	node := newLeadingNorthdNode(t)
	pid := northd(t, node)
	for _, threads := range []int{3, 1} {
		node.NorthdThreads = threads
		must(t, node.Reload(testContext(t)))
		got, err := ovsdbctl.Unixctl{Socket: node.Layout.Northd().ControlSocket(pid)}.Call(testContext(t), "parallel-build/get-n-threads")
		if want := fmt.Sprint(threads); err != nil || strings.TrimSpace(got) != want || northd(t, node) != pid {
			t.Errorf("it has %q threads (%v), want %s", got, err, want)
		}
	}
	node.NorthdParameters = filepath.Join(t.TempDir(), "params.conf")
	must(t, os.WriteFile(node.NorthdParameters, []byte("--n-threads=1"), 0o644))
	node.NorthdThreads = 4
	must(t, node.Reload(testContext(t)))
	if got, err := (ovsdbctl.Unixctl{Socket: node.Layout.Northd().ControlSocket(pid)}).Call(testContext(t), "parallel-build/get-n-threads"); err != nil || strings.TrimSpace(got) != "1" {
		t.Errorf("it has %q threads (%v), and its options say 1", got, err)
	}
}
