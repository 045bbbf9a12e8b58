package control_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
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

// From a bundle, which has OVN's run directory and its databases in one directory on a disk: after the
// machine has lost its power, the pidfiles name processes that are others now, and nothing listens on
// the sockets. The outcome is that start begins new servers, which hold the rows, and touches no process
// of those numbers.
func TestStartAfterARebootIsNotMisledByARunDirectoryThatSurvived(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.Layout.RunDir = node.Layout.DatabaseDir
	node.Units = control.Units(node.Layout, node.Units[0].Endpoint, node.Units[1].Endpoint)
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	insert(t, node, "before")
	for _, u := range node.Units {
		controltest.Kill(t, u)
		stranger := startStranger(t)
		must(t, os.WriteFile(u.Files.Pidfile, fmt.Appendln(nil, stranger), 0o644))
		for _, path := range []string{u.Files.ControlSocket, u.Files.DataSocket} {
			if info, err := os.Stat(path); err != nil || info.Mode().Type() != os.ModeSocket {
				t.Fatalf("no socket is left: %v", err)
			}
		}
	}
	must(t, os.WriteFile(filepath.Join(node.RunDir, "boot"), []byte("another boot"), 0o600))
	wantHealth(t, node, replication.HealthStopped)
	must(t, node.Start(testContext(t)))
	wantHealth(t, node, replication.HealthBackup)
	must(t, node.Promote(testContext(t), replication.Participants{}))
	if got := rows(t, node); len(got) != 1 || got[0] != "before" {
		t.Errorf("rows are %q", got)
	}
}

// startStranger starts a process that must live until the test ends.
func startStranger(t *testing.T) (pid int) {
	t.Helper()
	stranger := exec.Command("sleep", "300")
	must(t, stranger.Start())
	t.Cleanup(func() {
		if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("the process of another's number was ended: %v", err)
		}
		must(t, stranger.Process.Kill())
		_ = stranger.Wait()
	})
	return stranger.Process.Pid
}
