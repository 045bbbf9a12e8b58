package controltest

import (
	"syscall"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// PID returns the process of a unit's server.
func PID(t *testing.T, u control.Unit) int {
	t.Helper()
	pid, err := process.Pidfile(u.Files.Pidfile).Owner()
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// PIDs returns the processes of a node's servers.
func PIDs(t *testing.T, c *control.Controller) (all [2]int) {
	t.Helper()
	for i, u := range c.Units {
		all[i] = PID(t, u)
	}
	return all
}

// Kill ends a unit's server by SIGKILL, and waits until it has.
func Kill(t *testing.T, u control.Unit) {
	t.Helper()
	pid := PID(t, u)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	processtest.AwaitEnd(t, pid)
}
