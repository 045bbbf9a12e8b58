//go:build integration

package integration_test

import (
	"context"
	"syscall"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// Monitor on a node whose servers all are as the resource's state wants them, with
// no failure to report.
func TestMonitorOfWholeStates(t *testing.T) {
	h := byHand(t)
	first, second := h.NodeNames()[0], h.NodeNames()[1]
	h.want(first, "monitor", exitNotRunning)
	h.want(first, "start", exitSuccess)
	h.want(first, "monitor", exitSuccess) // parked, and no node is promoted
	h.want(first, "promote", exitSuccess)
	h.want(first, "monitor", exitPromoted)
	h.want(first, "monitor", exitPromoted, asPromoted())
	h.want(second, "start", exitSuccess)
	h.awaitMonitor(second, exitSuccess) // following
	h.kill(second, databases()...)
	h.want(second, "monitor", exitNotRunning)
	h.kill(first, databases()...)
	h.want(first, "monitor", exitNotRunning, asPromoted())
}

// mixed is a state that no finished action leaves behind, on a node of a pair.
type mixed struct {
	name string
	// active says on which node: the active one, or the backup.
	active bool
	// induce brings the state about.
	induce func(h hand, node string)
	// env is the monitor's.
	env    map[string]string
	code   int
	reason string
	// after is the code that later monitors come to.
	after int
}

// mixedStates returns the states, beside those of one server alone, which are in
// [oneServer].
func mixedStates() []mixed {
	old := map[string]string{"OCF_RESKEY_crm_feature_set": "3.3.0"}
	return []mixed{
		{
			name:   "backup parked though a node is promoted",
			induce: func(h hand, node string) { h.park(node, databases()...) },
			code:   exitDegraded, reason: "not from the promoted node", after: exitSuccess,
		},
		{
			name:   "backup parked though a node is promoted, for a Pacemaker without degraded codes",
			induce: func(h hand, node string) { h.park(node, databases()...) },
			env:    old, code: exitSuccess, reason: "not from the promoted node", after: exitSuccess,
		},
		{
			name:   "backup whose servers are active unasked",
			induce: func(h hand, node string) { h.activate(node, databases()...) },
			code:   exitDegraded, reason: "without having been promoted", after: exitSuccess,
		},
		{
			name:   "backup whose servers are active unasked, where Pacemaker has it promoted",
			induce: func(h hand, node string) { h.activate(node, databases()...) },
			env:    asPromoted(), code: exitFailedPromoted, reason: "without having been promoted", after: exitSuccess,
		},
		{
			name: "active whose servers are both backups", active: true,
			induce: func(h hand, node string) { h.park(node, databases()...) },
			env:    asPromoted(), code: exitSuccess, after: exitSuccess,
		},
	}
}

// oneServer returns the states in which one server alone is not as it should be.
func oneServer(db ovsdb.Database) []mixed {
	return []mixed{
		{
			name:   "backup with one server down",
			induce: func(h hand, node string) { h.kill(node, db) },
			code:   exitGeneric, reason: db.Name, after: exitGeneric,
		},
		{
			name: "active with one server down", active: true,
			induce: func(h hand, node string) { h.kill(node, db) },
			env:    asPromoted(), code: exitFailedPromoted, reason: db.Name, after: exitFailedPromoted,
		},
		{
			name:   "backup with one server stopped by a signal",
			induce: func(h hand, node string) { h.signal(node, db, syscall.SIGSTOP) },
			code:   exitGeneric, reason: db.Name, after: exitGeneric,
		},
		{
			name: "active with one server stopped by a signal", active: true,
			induce: func(h hand, node string) { h.signal(node, db, syscall.SIGSTOP) },
			env:    asPromoted(), code: exitFailedPromoted, reason: db.Name, after: exitFailedPromoted,
		},
		{
			name:   "backup with one server active unasked",
			induce: func(h hand, node string) { h.activate(node, db) },
			code:   exitDegraded, reason: db.Name, after: exitSuccess,
		},
		{
			name: "active with one server backup", active: true,
			induce: func(h hand, node string) { h.park(node, db) },
			env:    asPromoted(), code: exitFailedPromoted, reason: db.Name, after: exitFailedPromoted,
		},
	}
}

// Monitor names the fault of a mixed state, ends with its code, and repairs it if that can
// be done at once: no server of an unpromoted instance stays writable.
func TestMonitorOfMixedStates(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	for _, state := range mixedStates() {
		t.Run(state.name, func(t *testing.T) { testMixed(t, state) })
	}
	for _, db := range databases() {
		for _, state := range oneServer(db) {
			t.Run(db.Name+"/"+state.name, func(t *testing.T) {
				if db == ovsdb.Southbound() {
					skipIfShort(t)
				}
				testMixed(t, state)
			})
		}
	}
}

func testMixed(t *testing.T, state mixed) {
	t.Helper()
	h := byHand(t)
	active, node := h.pair()
	if state.active {
		node = active
	}
	state.induce(h, node)
	h.wantReason(h.want(node, "monitor", state.code, state.env), state.reason)
	if !state.active && state.after == exitSuccess {
		for _, db := range databases() {
			if err := h.readOnly(node, db); err != nil {
				t.Error(err)
			}
		}
	}
	h.awaitMonitor(node, state.after)
}

// A server that is a backup of the parking address though a node is promoted, as after a
// missed notification, is pointed at the promoted node again, and gets the rows that it
// has missed.
func TestMissedNotificationIsRepairedByMonitor(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	h := byHand(t)
	active, backup := h.pair()
	nb := ovsdb.Northbound()
	h.park(backup, nb)
	if err := h.InsertOn(h.ctx, active, nb, "missed-"+t.Name()); err != nil {
		t.Fatal(err)
	}
	h.wantReason(h.want(backup, "monitor", exitDegraded), nb.Name, active)
	h.awaitMonitor(backup, exitSuccess)
	h.await("the missed row", func(ctx context.Context) error {
		return hasRow(ctx, h.Cluster, backup, nb, "missed-"+t.Name())
	})
}
