package control_test

import (
	"sync"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// A server that has turned active by itself is pointed at the active, which dies before it has sent a row: the rows
// that a local client wrote meanwhile are in a snapshot, and outweigh none of the active's.
func TestRowsOfAServerThatWasPointedAtASourceAndHasCopiedNothingOutweighNone(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	led, astray, fresh := three.nodes[0], three.nodes[1], three.nodes[2]
	must(t, astray.Units[0].Server.Activate(testContext(t)))
	insert(t, astray, "astray", "astray2", "astray3")
	wantHealth(t, astray, replication.HealthBackupDegraded)
	insert(t, led, "last")
	wantRows(t, fresh, "before", "last")
	pointed := whenSnapshot(t, astray, func() {
		for _, u := range led.Units {
			controltest.Kill(t, u)
		}
	})
	must(t, pointed.Follow(testContext(t), "node1"))
	wantRows(t, astray, "before", "astray", "astray2", "astray3")
	wantChoice(t, three.hold(t, 1, 0), "node3", "holds more")
}

// whenSnapshot calls hook before the northbound server is asked something for the first time after a snapshot was
// kept, of a copy of the node.
func whenSnapshot(t *testing.T, c *control.Controller, hook func()) *control.Controller {
	t.Helper()
	once := sync.OnceFunc(hook)
	following := copyOf(c)
	u := &following.Units[0]
	u.Server.Peer = hookedPeer{u.Server.Peer, func() {
		if all, err := c.SnapshotDirectory().List(); err == nil && len(all) > 0 {
			once()
		}
	}}
	return following
}
