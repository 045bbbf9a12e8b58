package control_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
)

func TestNotificationAfterAnActionPokesTheSupervisorThatRuns(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	holdSupervisorPidfile(t, node)
	must(t, node.SaveSupervisorState(control.SupervisorState{}))
	if err := os.Remove(node.PokeFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	must(t, node.KeepSupervised(testContext(t)))
	if _, err := os.Stat(node.PokeFile()); err != nil {
		t.Errorf("the supervisor was not poked: %v", err)
	}
}

// startsSupervisor reports whether a notification starts the supervisor of a node.
func startsSupervisor(t *testing.T, node *control.Controller) bool {
	t.Helper()
	node.Supervision.Program = "/nonexistent/ovndb-servers"
	defer func() { node.Supervision.Program = "" }()
	err := node.KeepSupervised(testContext(t))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return err != nil
}

// From a node without a monitor, as Pacemaker may lose it, whose servers have died with their supervisor: nothing
// else looks at it. One whose servers do not run as it was stopped gets none.
func TestNotificationStartsTheSupervisorOfServersThatDiedWithItAndNotOfStoppedOnes(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	holdSupervisorPidfile(t, node)
	pid, err := node.SupervisorPidfile().Owner()
	must(t, err)
	for _, u := range node.Units {
		controltest.Kill(t, u)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	eventually(t, "the supervisor to end", func() bool {
		_, err := node.SupervisorPidfile().Owner()
		return errors.Is(err, process.ErrNotRunning)
	})
	if !startsSupervisor(t, node) {
		t.Error("servers that died with their supervisor get none")
	}
	node.Supervision.Program = "/nonexistent/ovndb-servers"
	must(t, node.Stop(testContext(t)))
	if startsSupervisor(t, node) {
		t.Error("servers that were stopped get a supervisor")
	}
}
