package control_test

import (
	"slices"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// serves reports whether a server has its clients' listeners open.
func serves(t *testing.T, u control.Unit) bool {
	t.Helper()
	remotes, err := u.Server.Remotes(testContext(t))
	must(t, err)
	return slices.Contains(remotes, u.Server.Database.ConnectionsRemote())
}

func TestRetireClosesTheListenersOfADemotedNodeAndNotThoseOfAPromotedOne(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	for _, serving := range []bool{true, false} {
		if done, err := node.Retire(testContext(t)); err != nil || !done {
			t.Fatalf("done is %v: %v", done, err)
		}
		for _, u := range node.Units {
			if serves(t, u) != serving {
				t.Errorf("%s serves: %v, want %v", u.Name(), !serving, serving)
			}
		}
		if serving {
			must(t, node.Demote(testContext(t)))
		}
	}
}

func TestQueueOfCopiesHasTheNodesThatRunServersAndKnowsWhetherClientsAreServed(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	active := controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	backup := controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	must(t, active.Start(testContext(t)))
	must(t, active.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	must(t, backup.Start(testContext(t)))
	record, err := active.Cluster.Record(testContext(t))
	must(t, err)
	for _, served := range []bool{true, false} {
		q, err := backup.CopyQueue(testContext(t), control.SupervisorState{Record: record})
		must(t, err)
		if !slices.Equal(q.Running, []string{"node1", "node2"}) || q.ClientsServed != served || len(q.Ahead()) > 0 {
			t.Errorf("the queue is %+v, want node1 and node2, clients served: %v", q, served)
		}
		must(t, active.CloseListeners(testContext(t)))
	}
}
