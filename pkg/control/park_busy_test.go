package control_test

import (
	"context"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

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
	action := flock.New(filepath.Join(node.RunDir, "lock"))
	must(t, action.Lock())
	pid, err := node.Units[0].Running()
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	time.AfterFunc(2*time.Second, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	node.Repair(ctx, v)
	must(t, action.Unlock())
	insert(t, three.nodes[0], "b")
	wantHealth(t, three.nodes[0], replication.HealthActive) // writes a beat
	must(t, node.Follow(testContext(t), "node1"))
	wantRows(t, node, "a", "b")
	if kept := snapshots(t, node)["was-active"]; !slices.Contains(kept, "only-here") {
		t.Errorf("kept are %q", snapshots(t, node))
	}
}

// The servers were observed while a demotion was under way: active, of a term that was dropped before it was
// read. Then the node is promoted again. Outcome: the promotion, which holds the lock, is not disturbed.
func TestAnObservationFromBeforeAPromotionMakesNoneOfItsServersReadOnly(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	o := node.Observe(testContext(t), node.LiveView())
	o.Own, o.Term = nil, ""
	v := replication.Assess(o)
	if len(v.Repairs) == 0 || !v.Repairs[0].Urgent {
		t.Fatalf("the repairs are %v, want urgent ones", v.Repairs)
	}
	promotion := flock.New(filepath.Join(node.RunDir, "lock"))
	must(t, promotion.Lock())
	node.Repair(testContext(t), v)
	must(t, promotion.Unlock())
	insert(t, node, "a")
	wantHealth(t, node, replication.HealthActive)
}
