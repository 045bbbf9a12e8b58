package control_test

import (
	"syscall"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// newObserved returns a started node whose sessions are open.
func newObserved(t *testing.T) (*control.Controller, control.Unit) {
	t.Helper()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	t.Cleanup(node.KeepSessions())
	for range 2 { // the second one is over the session of the first
		wantConditions(t, node, replication.ConditionBackup, replication.ConditionBackup)
	}
	return node, node.Units[0]
}

func wantConditions(t *testing.T, node *control.Controller, northbound, southbound replication.Condition) {
	t.Helper()
	o, _ := node.ObserveWithMarkers(testContext(t), control.SupervisorState{})
	if o.Servers[0].Condition != northbound || o.Servers[1].Condition != southbound {
		t.Errorf("observed %+v, want %s and %s", o.Servers, northbound, southbound)
	}
}

func signalServer(t *testing.T, u control.Unit, signal syscall.Signal) {
	t.Helper()
	pid, err := u.Running()
	must(t, err)
	must(t, syscall.Kill(pid, signal))
}

func TestOpenSessionsHideNothingThatHappensToTheirServers(t *testing.T) {
	t.Parallel()
	const backup = replication.ConditionBackup
	for name, tt := range map[string]struct {
		happens func(t *testing.T, node *control.Controller, u control.Unit)
		want    replication.Condition
	}{
		"killed": {func(t *testing.T, _ *control.Controller, u control.Unit) {
			t.Helper()
			signalServer(t, u, syscall.SIGKILL)
			eventually(t, "the end of the server", func() bool { pid, err := u.Running(); return err == nil && pid == 0 })
		}, replication.ConditionAbsent},
		"stopped by a signal": {func(t *testing.T, _ *control.Controller, u control.Unit) {
			t.Helper()
			signalServer(t, u, syscall.SIGSTOP)
			pid, err := u.Running()
			must(t, err)
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
			eventually(t, "the server to stand still", func() bool { a, err := process.Inspect(pid); return err == nil && a.Stopped })
		}, replication.ConditionFailed},
		"made active": {func(t *testing.T, _ *control.Controller, u control.Unit) {
			t.Helper()
			must(t, u.Server.Activate(testContext(t)))
		}, replication.ConditionActive},
		"killed and started again": {func(t *testing.T, node *control.Controller, u control.Unit) {
			t.Helper()
			signalServer(t, u, syscall.SIGKILL)
			eventually(t, "the end of the server", func() bool { pid, err := u.Running(); return err == nil && pid == 0 })
			must(t, node.Start(testContext(t)))
		}, backup},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node, u := newObserved(t)
			tt.happens(t, node, u)
			wantConditions(t, node, tt.want, backup)
		})
	}
}

func TestOpenSessionsShowTheMarkerOfThisMoment(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	t.Cleanup(node.KeepSessions())
	for i := range 3 {
		beat(t, node)
		_, markers := node.ObserveWithMarkers(testContext(t), control.SupervisorState{})
		if got, want := markers["OVN_Northbound"], marker(t, node.Units[0]); got == nil || got.Beat != want.Beat {
			t.Errorf("look %d: the marker is %s, want %s", i, got.Describe(), want.Describe())
		}
	}
}
