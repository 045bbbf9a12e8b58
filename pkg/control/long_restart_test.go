package control_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestMonitorOfAServerWhoseRestartTakesLongIsDegradedAndNoFailure(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	for i, want := range []replication.Health{replication.HealthActiveDegraded, replication.HealthBackupDegraded} {
		node := three.nodes[i]
		holdSupervisorPidfile(t, node)
		controltest.Kill(t, node.Units[0])
		record, err := node.Cluster.Record(testContext(t))
		must(t, err)
		must(t, node.SaveSupervisorState(control.SupervisorState{Record: record, Restarting: true}))
		ctx, cancel := context.WithTimeout(testContext(t), 3*time.Second) // less than the restart takes
		defer cancel()
		if v := node.Monitor(ctx, i == 0); v.Health != want {
			t.Errorf("node %s is %q (%s), want %q", node.Node, v.Health, v.Reason(), want)
		}
	}
}

// holdSupervisorPidfile has a daemon hold the pidfile of a node's supervisor.
func holdSupervisorPidfile(t *testing.T, c *control.Controller) {
	t.Helper()
	directory := t.TempDir()
	database := filepath.Join(directory, "db")
	must(t, exec.CommandContext(testContext(t), "ovsdb-tool", "create", database, c.Units[0].Files.Schema).Run())
	daemon := process.Daemon{
		Program: "ovsdb-server", Pidfile: c.SupervisorPidfile(),
		Args: []string{"--unixctl=" + filepath.Join(directory, "ctl"), "--remote=punix:" + filepath.Join(directory, "sock"), database},
	}
	must(t, daemon.Start(testContext(t)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := process.Kill(ctx, c.SupervisorPidfile(), "ovsdb-server"); err != nil {
			t.Error(err)
		}
	})
}
