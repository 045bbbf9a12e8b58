package control_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process/processtest"
)

// A promotion writes its marker to disk before anything else: the node that has just lost the role
// for its disk would be asked first, as it led last, and fail each time.
func TestNodeWhoseDiskIsFullDoesNotStandForPromotionUntilItCanBeWritten(t *testing.T) {
	t.Parallel()
	cluster := controltest.NewCluster()
	node := controltest.NewNode(t, cluster, "node1", "127.0.0.1", controltest.FreePorts(t))
	directory := node.Layout.DatabaseDir
	must(t, os.MkdirAll(directory, 0o755))
	if err := unix.Mount("tmpfs", directory, "tmpfs", 0, "size=4m,mode=755"); err != nil {
		processtest.SkipWithoutRight(t, "cannot mount a disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(directory, unix.MNT_DETACH) })
	must(t, node.Start(testContext(t)))
	if cluster.Score("node1") == "" {
		t.Fatal("the node does not stand for promotion")
	}
	must(t, node.Stop(testContext(t)))
	filler := filepath.Join(directory, "filler")
	_ = os.WriteFile(filler, make([]byte, 8<<20), 0o600) // it fails once the disk is full
	must(t, node.Start(testContext(t)))
	if score := cluster.Score("node1"); score != "" {
		t.Errorf("the node stands for promotion with %s", score)
	}
	must(t, os.Remove(filler))
	node.Monitor(testContext(t), false)
	if cluster.Score("node1") == "" {
		t.Error("the node does not stand for promotion again")
	}
}
