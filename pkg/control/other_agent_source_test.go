package control_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// follows reports whether the first server of a node follows the virtual address.
func follows(t *testing.T, c *control.Controller) bool {
	t.Helper()
	return status(t, c.Units[0]).Source == c.Units[0].Endpoint.Source(c.Listening.MasterIP)
}

// From a node that has started while another agent leads, and from one whose server was restarted then: it waits
// parked until it looks for that node, and follows the virtual address after a snapshot.
func TestNodeThatStartsWhileAnotherAgentLeadsFollowsItAfterASnapshot(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.SetPromotedNode("node1")
	must(t, s.backup.Start(testContext(t)))
	must(t, s.backup.Cluster.Publish(testContext(t), control.TopicRound, "an earlier one done"))
	insert(t, s.active, "c")
	if follows(t, s.backup) {
		t.Fatal("it follows at its start")
	}
	must(t, s.backup.FollowOtherAgent(testContext(t)))
	wantRows(t, s.backup, "a", "b", "c")
	if kept := snapshots(t, s.backup)[replication.SnapshotAdopted]; !slices.Equal(kept, []string{"a", "b"}) {
		t.Errorf("kept are %q", kept)
	}
	controltest.Kill(t, s.backup.Units[0])
	must(t, s.backup.Revive(testContext(t), nb, nil, always))
	insert(t, s.active, "d")
	must(t, s.backup.FollowOtherAgent(testContext(t)))
	wantRows(t, s.backup, "a", "b", "c", "d")
}

// From a parked backup: it follows no virtual address where it is not certain that another agent leads, or the
// address is its own.
func TestBackupStaysParkedUnlessAnotherAgentLeads(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, s swapped){
		"no node is promoted":   func(_ *testing.T, s swapped) { s.SetPromotedNode("") },
		"this node is promoted": func(_ *testing.T, s swapped) { s.SetPromotedNode("node2") },
		"that node runs this agent": func(t *testing.T, s swapped) {
			t.Helper()
			must(t, s.active.Cluster.Publish(testContext(t), control.TopicPosition, "- none"))
		},
		"another node leads": func(t *testing.T, s swapped) {
			t.Helper()
			must(t, s.active.Cluster.Publish(testContext(t), control.TopicActive, "OVN_Northbound=tcp:127.0.0.3:1"))
		},
		"an election is under way": func(t *testing.T, s swapped) {
			t.Helper()
			must(t, s.active.Cluster.Publish(testContext(t), control.TopicRound, "round"))
		},
		"the address is its own": func(_ *testing.T, s swapped) { s.backup.Holds = func(netip.Addr) bool { return true } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSwapped(t)
			s.SetPromotedNode("node1")
			must(t, s.backup.Start(testContext(t)))
			change(t, s)
			must(t, s.backup.FollowOtherAgent(testContext(t)))
			if follows(t, s.backup) {
				t.Error("it follows the virtual address")
			}
		})
	}
}

// From a parked backup, and a server at the virtual address that is not active: it stays parked, and the error
// says why.
func TestBackupStaysParkedWhileTheServerOfAnotherAgentIsNotActive(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.SetPromotedNode("node1")
	must(t, s.backup.Start(testContext(t)))
	for _, u := range s.active.Units {
		parkUnit(t, u)
	}
	err := s.backup.FollowOtherAgent(testContext(t))
	if err == nil || !strings.Contains(err.Error(), "not active") || follows(t, s.backup) {
		t.Errorf("error is %v, it follows: %t", err, follows(t, s.backup))
	}
}
