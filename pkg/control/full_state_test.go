package control_test

import (
	"context"
	"os"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
)

// smallDisk are the options of a disk for a node's state.
const smallDisk = "size=1m,mode=700"

// fullAfterSwap is a cluster whose record is swapped as the disk of the node's state fills up.
type fullAfterSwap struct {
	control.Cluster
	fill func()
}

func (c fullAfterSwap) SwapRecord(ctx context.Context, old, record string) error {
	err := c.Cluster.SwapRecord(ctx, old, record)
	c.fill()
	return err
}

// From then on only this node has seen the start of the recorded term: if it gave the role up, no node could lead.
func TestNodeWhoseStateDirectoryFillsUpAfterItsTermIsRecordedLeads(t *testing.T) {
	t.Parallel()
	three := newTrio(t)
	node := three.nodes[0]
	processtest.Mount(t, "tmpfs", node.StateDir, "tmpfs", smallDisk)
	var filler string
	node.Cluster = fullAfterSwap{Cluster: node.Cluster, fill: func() { filler = processtest.FillDisk(t, node.StateDir) }}
	must(t, node.Promote(testContext(t), replication.Participants{}))
	insert(t, node, "a")
	must(t, os.Remove(filler))
	node.Monitor(testContext(t), true)
	wantHealth(t, node, replication.HealthActive)
	own, err := node.OwnTerm()
	must(t, err)
	if own == nil || !own.Recorded {
		t.Errorf("the own term is %+v", own)
	}
}

// A node that cannot say what it holds is waited for, and given up in the end with all that it alone holds.
func TestNodesWhoseRunDirectoryIsFullCallAndAnswerElections(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	for _, n := range three.nodes[1:] {
		wantRows(t, n, "a")
		processtest.Mount(t, "tmpfs", n.RunDir, "tmpfs", smallDisk)
		processtest.FillDisk(t, n.RunDir)
	}
	for _, u := range three.nodes[0].Units {
		controltest.Kill(t, u)
	}
	answered := make(chan error)
	go func() { answered <- three.nodes[1].AnswerElection(testContext(t), "node3") }()
	must(t, three.nodes[2].Promote(testContext(t), three.electorate(0)))
	must(t, <-answered)
	wantRows(t, three.nodes[2], "a")
	must(t, three.nodes[1].Follow(testContext(t), "node3"))
}
