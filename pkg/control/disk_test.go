package control_test

import (
	"os"
	"testing"

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
	processtest.Mount(t, "tmpfs", directory, "tmpfs", "size=4m,mode=755")
	must(t, node.Start(testContext(t)))
	if cluster.Score("node1") == "" {
		t.Fatal("the node does not stand for promotion")
	}
	must(t, node.Stop(testContext(t)))
	filler := processtest.FillDisk(t, directory)
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
