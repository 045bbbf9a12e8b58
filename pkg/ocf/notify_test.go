package ocf_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ocf"
)

// timelines are events of the transitions a cluster goes through, as Pacemaker announces them to a
// node, and the nodes that run the resource at the promotion. The sets are the same through a whole
// transition.
func timelines() []timelineEvent {
	return []timelineEvent{
		// Three nodes start; node1 has the highest score.
		{"2.1.5-bring-up-pre-promote", "node1 node2 node3"},
		{"2.0.5-bring-up-pre-promote", "hex-2 hex-3"},
		{"2.0.5-bring-up-post-promote", "hex-2 hex-3"},
		// The role moves from node1 to node2.
		{"2.1.5-switchover-pre-demote", "node1 node2 node3"},
		{"2.1.5-switchover-post-demote", "node1 node2 node3"},
		{"2.1.5-switchover-pre-promote", "node1 node2 node3"},
		{"2.1.5-switchover-post-promote", "node1 node2 node3"},
		{"2.0.5-switchover-pre-demote", "bl460g1n13 bl460g1n14"},
		{"2.0.5-switchover-pre-promote", "bl460g1n13 bl460g1n14"},
		{"2.0.5-switchover-post-promote", "bl460g1n13 bl460g1n14"},
		// A database of node1 dies; the node restarts it as a backup, and node2 is promoted.
		{"2.1.5-database-died-pre-demote", "node2 node3 node1"},
		{"2.1.5-database-died-pre-stop", "node2 node3 node1"},
		{"2.1.5-database-died-post-stop", "node2 node3 node1"},
		{"2.1.5-database-died-pre-start", "node2 node3 node1"},
		{"2.1.5-database-died-post-start", "node2 node3 node1"},
		{"2.1.5-database-died-pre-promote", "node2 node3 node1"},
		{"2.1.5-database-died-post-promote", "node2 node3 node1"},
		// node1 is fenced: post-stop comes before pre-demote, and node1 takes part no longer.
		{"2.1.5-node-lost-post-stop", "node2 node3"},
		{"2.1.5-node-lost-pre-demote", "node2 node3"},
		{"2.1.5-node-lost-pre-promote", "node2 node3"},
		{"2.1.5-node-lost-post-promote", "node2 node3"},
		// A promotion of node2 failed in the transition before. It is restarted, and node1 is promoted.
		{"2.1.5-failed-promote-pre-demote", "node1 node3 node2"},
		{"2.1.5-failed-promote-pre-start", "node1 node3 node2"},
		{"2.1.5-failed-promote-pre-promote", "node1 node3 node2"},
		{"2.1.5-failed-promote-post-promote", "node1 node3 node2"},
	}
}

type timelineEvent struct {
	fixture string
	active  string
}

func TestSetsMeanTheNodesOfTheTimeline(t *testing.T) {
	t.Parallel()
	for _, row := range timelines() {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			n := parseFixture(t, "notify", "pacemaker-"+row.fixture).Notify
			if !n.Enabled || !strings.HasSuffix(row.fixture, n.Event()) || n.Event() == "" {
				t.Errorf("got event %q, enabled %v", n.Event(), n.Enabled)
			}
			check(t, "ActiveAtPromote", n.ActiveAtPromote(), row.active)
		})
	}
}

func check(t *testing.T, name string, got []string, want string) {
	t.Helper()
	if joined := strings.Join(got, " "); joined != want {
		t.Errorf("%s is %q, want %q", name, joined, want)
	}
}

func TestSetsAreAlsoInTheEnvironmentOfTheOtherActions(t *testing.T) {
	t.Parallel()
	rows := []struct{ action, fixture, active string }{
		{"start", "2.1.5-bring-up-start", "node1 node2 node3"},
		{"demote", "2.1.5-switchover-demote", "node1 node2 node3"},
		{"promote", "2.1.5-switchover-promote", "node1 node2 node3"},
		{"start", "2.1.5-database-died-start", "node2 node3 node1"},
		{"promote", "2.1.5-node-lost-promote", "node2 node3"},
		{"start", "2.1.5-failed-promote-start", "node1 node3 node2"},
	}
	for _, row := range rows {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			n := parseFixture(t, row.action, "pacemaker-"+row.fixture).Notify
			if !n.Enabled || n.Event() != "" {
				t.Errorf("got enabled %v and event %q, want the sets and no event", n.Enabled, n.Event())
			}
			check(t, "ActiveAtPromote", n.ActiveAtPromote(), row.active)
		})
	}
}

func TestAllSetsOfASwitchoverAreRead(t *testing.T) {
	t.Parallel()
	got := parseFixture(t, "notify", "pacemaker-2.1.5-switchover-pre-demote").Notify
	all := []string{"node1", "node2", "node3"}
	want := ocf.Notify{
		Type: "pre", Operation: "demote", Active: all,
		Promote: []string{"node2"}, Demote: []string{"node1"}, Available: all, Enabled: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong sets (-want +got):\n%s", diff)
	}
}

// From a switchover in a bundle with container-attribute-target=host; the outcome is that the nodes
// which take part are those of the bundle, this one by its own name, and none of their hosts.
func TestNodesThatTakePartInABundleAreThoseOfTheBundle(t *testing.T) {
	t.Parallel()
	e := parseFixture(t, "notify", "pacemaker-3.0.0-bundle-pre-promote")
	check(t, "ActiveAtPromote", e.Notify.ActiveAtPromote(), "ovn-dbs-bundle-1 ovn-dbs-bundle-2")
	if e.Node != "ovn-dbs-bundle-1" || e.AttributeHost != "controller-1" {
		t.Errorf("this node is %q, its attributes are those of %q", e.Node, e.AttributeHost)
	}
}

func TestCloneWithoutNotificationsHasNoSets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"monitor-promoted", "probe"} {
		n := parseFixture(t, "monitor", "pacemaker-2.1.5-"+name).Notify
		if diff := cmp.Diff(ocf.Notify{}, n); diff != "" {
			t.Errorf("%s: wrong sets (-want +got):\n%s", name, diff)
		}
		if n.ActiveAtPromote() != nil || n.Event() != "" {
			t.Errorf("%s: got nodes %q and event %q, want none", name, n.ActiveAtPromote(), n.Event())
		}
	}
}

func TestDerivedSetSharesNothingWithTheSets(t *testing.T) {
	t.Parallel()
	e := parseFixture(t, "notify", "pacemaker-2.1.5-database-died-post-promote")
	n, before := e.Notify, parseFixture(t, "notify", "pacemaker-2.1.5-database-died-post-promote").Notify
	active := n.ActiveAtPromote()
	for i := range active {
		active[i] = "changed"
	}
	if diff := cmp.Diff(before, n); diff != "" {
		t.Errorf("the sets changed (-before +after):\n%s", diff)
	}
}
