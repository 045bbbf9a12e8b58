package supervisor_test

import (
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

func TestSupervisedNodesShowTheirStatesInTheClusterUntilTheyAreStopped(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	shows := func(node string, state replication.State) func() bool {
		return func() bool { return p.Said(control.TopicState, node) == string(state) }
	}
	eventually(t, "the active's state", shows("node1", replication.StateActive))
	eventually(t, "the backup's state", shows("node2", replication.StateFresh))
	p.stop[1]()
	must(t, p.backup.Stop(testContext(t)))
	if !shows("node2", "")() {
		t.Errorf("the stopped node has state %s", p.Said(control.TopicState, "node2"))
	}
}
