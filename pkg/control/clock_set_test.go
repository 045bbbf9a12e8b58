package control_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// setClock does to the ages of a node's files what a clock does that is set forward by that much.
func setClock(t *testing.T, node *control.Controller, forward time.Duration) {
	t.Helper()
	files, err := os.ReadDir(node.RunDir)
	must(t, err)
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if path := filepath.Join(node.RunDir, f.Name()); info.Mode().IsRegular() {
			must(t, os.Chtimes(path, time.Time{}, info.ModTime().Add(-forward)))
		}
	}
}

// The others, which hold more, have some of that hour to come back, though the clock is set.
func TestAClockThatIsSetDoesNotLetANodeLeadThatWasBehind(t *testing.T) {
	t.Parallel()
	for name, forward := range map[string]time.Duration{"forward": 2 * time.Hour, "back": -2 * time.Hour} {
		three := newLedTrio(t)
		last := three.leaveOneBehind(t)
		last.LeadWhenBehind = time.Hour
		last.Monitor(testContext(t), false)
		setClock(t, last, forward)
		if v := last.Monitor(testContext(t), false); three.Score("node3") != "" || !strings.Contains(v.Reason(), "may not lead") {
			t.Errorf("the clock is set %s: node3 is %q (%s), score %q", name, v.Health, v.Reason(), three.Score("node3"))
		}
	}
}

func TestAServerThatIsBusyIsNotTakenForDeadAsTheClockIsSet(t *testing.T) {
	t.Parallel()
	node, _ := newBusyNode(t)
	condition := func() replication.Condition {
		return node.Observe(shortContext(t), node.LiveView()).Servers[0].Condition
	}
	eventually(t, "the server to be busy", func() bool { return condition() == replication.ConditionBusy })
	setClock(t, node, 2*time.Hour)
	if got := condition(); got != replication.ConditionBusy {
		t.Errorf("the server is %s", got)
	}
}

// something soon.
func TestSupervisorThatGoesOnIsNotReplaced(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	holdSupervisorPidfile(t, node)
	must(t, node.SaveSupervisorState(control.SupervisorState{Config: "c"}))
	setClock(t, node, 2*time.Hour)
	node.Supervision = control.Supervision{Program: "ovsdb-server", Config: "c"}
	before, _, _ := node.Supervisor()
	time.AfterFunc(300*time.Millisecond, func() { _ = node.SaveSupervisorState(control.SupervisorState{Config: "c"}) })
	node.Monitor(testContext(t), false)
	if after, _, err := node.Supervisor(); err != nil || after != before {
		t.Errorf("the supervisor was process %d and is %d (%v)", before, after, err)
	}
}
