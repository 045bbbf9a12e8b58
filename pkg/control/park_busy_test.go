package control_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// The server turned active by itself, took a row, and does not say so any more when it is made read-only: it
// is busy. An action is under way meanwhile, so that it is not looked at again.
func TestRowsThatABusyServerTookAfterItTurnedActiveByItselfAreKept(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	node := three.nodes[2]
	wantRows(t, node, "a")
	must(t, node.Units[0].Server.Activate(testContext(t)))
	insert(t, node, "only-here")
	v := replication.Assess(node.Observe(testContext(t), node.LiveView()))
	endAction := controltest.BeginAction(t, node)
	pid, err := node.Units[0].Running()
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	time.AfterFunc(2*time.Second, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	node.Repair(ctx, v)
	endAction()
	insert(t, three.nodes[0], "b")
	wantHealth(t, three.nodes[0], replication.HealthActive) // writes a beat
	must(t, node.Follow(testContext(t), "node1"))
	wantRows(t, node, "a", "b")
	if kept := snapshots(t, node)["was-active"]; !slices.Contains(kept, "only-here") {
		t.Errorf("kept are %q", snapshots(t, node))
	}
}
