package control_test

import (
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/control/controltest"
)

// From a node whose run directory is on a disk, and that was without a leader before it was switched off;
// the outcome is that start forgets that, as the time that lead_when_behind bounds begins again, and that a
// restart of the resource without a boot forgets nothing.
func TestStartForgetsTheStateOfAnEarlierBootAlone(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	old := filepath.Join(node.RunDir, "no-leader")
	restart := func() {
		must(t, os.WriteFile(old, []byte("no node may lead"), 0o600))
		must(t, node.Stop(testContext(t)))
		must(t, node.Start(testContext(t)))
	}
	restart()
	if _, err := os.Stat(old); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(node.RunDir, "boot"), []byte("another boot"), 0o600))
	restart()
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("after a boot: %v", err)
	}
	if _, err := os.Stat(filepath.Join(node.RunDir, "lock")); err != nil {
		t.Errorf("the lock of the actions: %v", err)
	}
}
