package control_test

import (
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
)

func TestMonitorThatRecursLeavesItsTimeAndIntervalAndAProbeDoesNot(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	node.Probe(testContext(t))
	node.Monitor(testContext(t), false) // by hand, without an interval
	if last := node.LastMonitor(); last != (control.LastMonitor{}) {
		t.Errorf("none has come, and the last one is %+v", last)
	}
	node.MonitorInterval = 45 * time.Second
	node.Monitor(testContext(t), false)
	last := node.LastMonitor()
	if last.Interval != 45*time.Second || time.Since(last.At).Abs() > time.Minute {
		t.Errorf("the last monitor is %+v", last)
	}
	if got := last.Patience(); got != 135*time.Second {
		t.Errorf("the next one is waited for %s", got)
	}
}
