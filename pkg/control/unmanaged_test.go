package control_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// wantServing checks that clients can write to a node's servers by the virtual address.
func wantServing(t *testing.T, node *control.Controller, row string) {
	t.Helper()
	for _, u := range node.Units {
		if role := status(t, u).Role; role != ovsdbctl.RoleActive {
			t.Errorf("the %s server is %s", u.Name(), role)
		}
		store, err := ovsdbctl.Open(testContext(t), u.Endpoint.Source(node.Listening.MasterIP), u.Server.Database)
		must(t, err)
		store.Close()
	}
	insert(t, node, row)
}

// wantLeftAlone checks that neither a probe nor a recurring monitor changes the servers of a node.
func wantLeftAlone(t *testing.T, node *control.Controller) {
	t.Helper()
	node.Supervision = control.Supervision{Program: "/bin/true", Config: "one that is started is reported"}
	before, above := controltest.PIDs(t, node), parents(t, node)
	for _, v := range []replication.Verdict{
		node.Probe(testContext(t)), node.Monitor(testContext(t), false), node.Monitor(testContext(t), false),
	} {
		if v.Health != replication.HealthBackupDegraded || strings.Contains(v.Reason(), "supervisor") {
			t.Errorf("the answer is %q: %s", v.Health, v.Reason())
		}
	}
	if now := controltest.PIDs(t, node); now != before || !slices.Equal(parents(t, node), above) {
		t.Errorf("the servers were %v below %v, and are %v below %v", before, above, now, parents(t, node))
	}
	if score := node.Cluster.(scored).Score(node.Node); score != "" {
		t.Errorf("the promotion score is %s", score)
	}
}

// scored is a cluster that shows the promotion scores.
type scored interface{ Score(node string) string }

// Pacemaker probes a resource that it does not manage, and with is-managed=false has its monitors recur.
func TestStandAlonePairIsLeftAsItIsWhileTheClusterDoesNotManageTheResource(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.SetUnmanaged("node1")
	wantLeftAlone(t, s.active)
	if v := s.active.Monitor(testContext(t), false); !strings.Contains(v.Reason(), "the cluster does not manage the resource on this node") {
		t.Errorf("the reason is %q", v.Reason())
	}
	wantServing(t, s.active, "c")
	s.SetUnmanaged()
	wantHealth(t, s.active, replication.HealthBackupDegraded)
	if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleBackup {
		t.Errorf("in a resource that is managed again the server is %s", role)
	}
}

func TestServersOfSystemdsAreLeftAsTheyAreWhileTheClusterDoesNotManageTheResource(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	for _, pid := range controltest.PIDs(t, s.active) {
		asServiceOf(t, pid, "ovn-central.service")
	}
	s.SetUnmanaged("node1")
	wantLeftAlone(t, s.active)
	wantServing(t, s.active, "c")
}

// The servers were taken over from another agent, and are backups of a term since.
func TestServerThatTurnsActiveByItselfIsReadOnlyThoughTheClusterDoesNotManageTheResource(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.backup.Holds = func(address netip.Addr) bool { return address.String() == "127.0.0.2" }
	wantTakenOver(t, s.active)
	eventually(t, "the backup to follow", func() bool {
		return s.backup.Monitor(testContext(t), false).Health == replication.HealthBackup &&
			status(t, s.backup.Units[0]).Source == sourcesOf(s.Cluster, "node1")[s.backup.Units[0].Name()]
	})
	insert(t, s.active, "c")
	wantRows(t, s.backup, "a", "b", "c")
	s.SetUnmanaged("node2")
	must(t, s.backup.Units[0].Server.Activate(testContext(t)))
	s.backup.Monitor(testContext(t), false)
	if role := status(t, s.backup.Units[0]).Role; role != ovsdbctl.RoleBackup {
		t.Errorf("the server is %s", role)
	}
}

// wantTakenOver checks that a node goes on with servers that another agent has promoted, in a term of its own.
func wantTakenOver(t *testing.T, node *control.Controller) {
	t.Helper()
	node.Monitor(testContext(t), true)
	wantLeads(t, node)
}
