package control_test

import (
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
)

// sourcesOf returns the sources that a node has published.
func sourcesOf(c *controltest.Cluster, node string) replication.Sources {
	s, _ := replication.ParseSources(c.Said(control.TopicActive, node), nil)
	return s
}

func pids(t *testing.T, c *control.Controller) [2]int {
	t.Helper()
	var all [2]int
	for i, u := range c.Units {
		pid, err := process.Pidfile(u.Files.Pidfile).Owner()
		must(t, err)
		all[i] = pid
	}
	return all
}

func stopUnit(t *testing.T, u control.Unit) {
	t.Helper()
	_, err := process.Stop(testContext(t), process.Pidfile(u.Files.Pidfile), "ovsdb-server", u.Server.Exit)
	must(t, err)
}

func killUnit(t *testing.T, u control.Unit) {
	t.Helper()
	pid, err := process.Pidfile(u.Files.Pidfile).Owner()
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	processtest.AwaitEnd(t, pid)
}

func freezeUnit(t *testing.T, u control.Unit) {
	t.Helper()
	pid, err := process.Pidfile(u.Files.Pidfile).Owner()
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	eventually(t, "the process to stop", func() bool {
		a, err := process.Inspect(pid)
		return err == nil && a.Stopped
	})
}

func parkUnit(t *testing.T, u control.Unit) {
	t.Helper()
	must(t, u.Server.Follow(testContext(t), u.Endpoint.Parking(), time.Minute))
}
