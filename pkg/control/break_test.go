package control_test

import (
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// sourcesOf returns the sources that a node has published.
func sourcesOf(c *controltest.Cluster, node string) replication.Sources {
	s, _ := replication.ParseSources(c.Said(control.TopicActive, node), nil)
	return s
}

func stopUnit(t *testing.T, u control.Unit) {
	t.Helper()
	_, err := process.Stop(testContext(t), process.Pidfile(u.Files.Pidfile), "ovsdb-server", u.Server.Exit)
	must(t, err)
}

func freezeUnit(t *testing.T, u control.Unit) {
	t.Helper()
	pid := controltest.PID(t, u)
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
