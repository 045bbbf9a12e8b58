package control_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
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
