package control_test

import (
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// The state is a supervisor that has seen its node lead, and opens the listeners, as it does when it has
// started or the node was frozen. Outcome: it opens none while an action is under way, nor in another term, so that
// a demotion which closes them does not fail.
func TestListenersAreNotOpenedDuringAnActionNorInAnotherTerm(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	own, err := node.OwnTerm()
	must(t, err)
	must(t, node.CloseListeners(testContext(t)))

	endAction := controltest.BeginAction(t, node)
	wantOpened(t, node, *own, false, "during an action")
	endAction()

	other := *own
	other.Record.TermID = "another"
	wantOpened(t, node, other, false, "in another term")
	wantOpened(t, node, *own, true, "in its term")

	must(t, node.Demote(testContext(t))) // the backups keep their sessions
	must(t, node.CloseListeners(testContext(t)))
	wantOpened(t, node, *own, false, "once it is demoted")
}

func wantOpened(t *testing.T, node *control.Controller, own replication.OwnTerm, want bool, when string) {
	t.Helper()
	opened, err := node.OpenListeners(testContext(t), own, always)
	must(t, err)
	for _, u := range node.Units {
		open, err := u.Server.ConnectionsOpen(testContext(t))
		must(t, err)
		if open != want || opened != want {
			t.Errorf("%s %s: open %t, reported %t, want %t", u.Name(), when, open, opened, want)
		}
	}
}
