//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// A probe on a node where another manager's server has a database file reports it and changes
// nothing: the server stays active, with its listeners (D7).
func TestProbeLeavesServersOfAnotherManagerAsTheyAre(t *testing.T) {
	for _, tt := range []struct {
		name, directory string
		code            int
	}{
		{"at the paths of OVN's packages", filepath.Dir(ovsdb.Northbound().Socket), exitDegraded},
		{"at paths of its own", "/run/another-manager", exitGeneric}, // the agent cannot ask it
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := byHand(t)
			node := h.NodeNames()[0]
			h.want(node, "start", exitSuccess)
			h.want(node, "stop", exitSuccess)
			for _, db := range databases() {
				h.startForeign(node, tt.directory, db)
			}
			before := h.foreignState(node, tt.directory)
			probe := map[string]string{"OCF_RESKEY_CRM_meta_interval": "0"}
			h.wantReason(h.want(node, "monitor", tt.code, probe), ovsdb.Northbound().Name, ovsdb.Southbound().Name)
			h.wantLeftAlone(node, tt.directory, before)
		})
	}
}

// Pacemaker probes a node in maintenance mode on which another manager's servers run: they stay as they are, and no
// supervisor is started (D7).
func TestProbeInMaintenanceModeLeavesServersOfAnotherManagerAsTheyAre(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	h := byHand(t)
	node, directory := h.NodeNames()[0], filepath.Dir(ovsdb.Northbound().Socket)
	h.want(node, "start", exitSuccess)
	h.want(node, "stop", exitSuccess)
	refresh := func(ctx context.Context) error {
		_, err := h.MustExec(ctx, node, "crm_resource", "--refresh", "--resource", cluster.Clone, "--node", node)
		return errors.Join(err, h.AwaitIdle(ctx))
	}
	t.Cleanup(func() { // the servers end before
		h.undo(func(ctx context.Context) error {
			return errors.Join(refresh(ctx), h.SetProperty(ctx, "maintenance-mode", ""), h.AwaitIdle(ctx))
		})
	})
	h.check(h.SetProperty(h.ctx, "maintenance-mode", "true"))
	for _, db := range databases() {
		h.startForeign(node, directory, db)
	}
	before := h.foreignState(node, directory)
	probed := h.probes(node)
	h.check(refresh(h.ctx))
	h.await("the probe", func(context.Context) error {
		if h.probes(node) <= probed {
			return errors.New("no line of a probe in the log")
		}
		return nil
	})
	h.wantLeftAlone(node, directory, before)
}

// wantLeftAlone wants foreign servers to be as they were, and no supervisor beside them.
func (h hand) wantLeftAlone(node, directory, before string) {
	h.t.Helper()
	if after := h.foreignState(node, directory); after != before {
		h.t.Errorf("the servers were\n%s\nand are\n%s", before, after)
	}
	if err := h.runsNone(h.ctx, node, "ovndb-servers supervise"); err != nil {
		h.t.Error(err)
	}
}

// probes returns how many probes of the resource a node's Pacemaker has logged.
func (h hand) probes(node string) int {
	h.t.Helper()
	return h.lines(node, "/var/log/pacemaker/pacemaker.log", "--extended-regexp",
		"Result of probe operation for "+cluster.Resource+"(:[0-9]+)? on "+node)
}

// startForeign starts an active server of a database with a listener for clients, as another
// manager does, until the test ends.
func (h hand) startForeign(node, directory string, db ovsdb.Database) {
	h.t.Helper()
	base := foreignBase(directory, db)
	h.exec(node, "mkdir", "-p", directory)
	h.t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			_, err := h.SignalMatching(ctx, node, "^ovsdb-server .*"+db.File, syscall.SIGKILL)
			return err
		})
	})
	h.check(h.Spawn(h.ctx, node, "ovsdb-server", "--pidfile="+base+".pid", "--unixctl="+base+".ctl",
		"--remote=punix:"+base+".sock", "--remote=ptcp:"+db.Port, db.File))
	h.await("the foreign server", func(ctx context.Context) error {
		_, err := h.MustExec(ctx, node, "ovsdb-client", "--timeout=2", "list-dbs", "tcp:127.0.0.1:"+db.Port)
		return err
	})
}

// foreignBase is the path of a foreign server's files in /run without their suffixes.
func foreignBase(directory string, db ovsdb.Database) string {
	return filepath.Join(directory, strings.TrimSuffix(filepath.Base(db.Socket), ".sock"))
}

// foreignState describes the foreign servers of a node: process, role and remotes, and that a
// client is served.
func (h hand) foreignState(node, directory string) string {
	h.t.Helper()
	var state strings.Builder
	for _, db := range databases() {
		base := foreignBase(directory, db)
		for _, command := range []string{"ovsdb-server/sync-status", "ovsdb-server/list-remotes"} {
			state.WriteString(h.exec(node, "ovs-appctl", "--timeout=5", "--target="+base+".ctl", command))
		}
		served := h.exec(node, "ovsdb-client", "--timeout=5", "list-dbs", "tcp:127.0.0.1:"+db.Port)
		fmt.Fprintf(&state, "\nprocess %s serves %s\n", h.exec(node, "cat", base+".pid"), served)
	}
	return state.String()
}

// The run directory is removed under running servers: monitor does not say that none runs, and
// stop ends them (D6).
func TestStopEndsServersWhoseRunDirectoryWasRemoved(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	h := byHand(t)
	active, backup := h.pair()
	for _, node := range []string{active, backup} {
		h.exec(node, "rm", "-r", filepath.Dir(ovsdb.Northbound().Socket))
		result := h.agent(node, "monitor", map[string]string{})
		switch result.Code {
		case exitSuccess, exitPromoted, exitNotRunning:
			t.Errorf("monitor on %s: %s", node, result)
		}
		h.wantReason(result, ovsdb.Northbound().Name, ovsdb.Southbound().Name)
		h.want(node, "stop", exitSuccess)
		if err := h.runsNone(h.ctx, node, "ovsdb-server"); err != nil {
			t.Error(err)
		}
		h.want(node, "monitor", exitNotRunning)
	}
}
