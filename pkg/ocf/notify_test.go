package ocf_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ocf"
)

// timelines are the events of the transitions a cluster goes through, as a node is told of them. In each the sets are the same from its
// first event to the last; only their meaning moves on.
func timelines() []timelineEvent {
	return []timelineEvent{
		// Three nodes start; node1 has the highest score.
		{"2.1.5-bring-up-pre-promote", "", "", "node1 node2 node3"},
		{"2.0.5-bring-up-pre-promote", "", "", "hex-2 hex-3"},
		{"2.0.5-bring-up-post-promote", "hex-3", "", "hex-2 hex-3"},
		// The role moves from node1 to node2.
		{"2.1.5-switchover-pre-demote", "node1", "", "node1 node2 node3"},
		{"2.1.5-switchover-post-demote", "", "", "node1 node2 node3"},
		{"2.1.5-switchover-pre-promote", "", "", "node1 node2 node3"},
		{"2.1.5-switchover-post-promote", "node2", "", "node1 node2 node3"},
		{"2.0.5-switchover-pre-demote", "bl460g1n13", "", "bl460g1n13 bl460g1n14"},
		{"2.0.5-switchover-pre-promote", "", "", "bl460g1n13 bl460g1n14"},
		{"2.0.5-switchover-post-promote", "bl460g1n14", "", "bl460g1n13 bl460g1n14"},
		// A database of node1 dies; the node restarts it as a backup, and node2 is promoted.
		{"2.1.5-database-died-pre-demote", "node1", "", "node2 node3 node1"},
		{"2.1.5-database-died-pre-stop", "", "", "node2 node3 node1"},
		{"2.1.5-database-died-post-stop", "", "", "node2 node3 node1"},
		{"2.1.5-database-died-pre-start", "", "", "node2 node3 node1"},
		{"2.1.5-database-died-post-start", "", "", "node2 node3 node1"},
		{"2.1.5-database-died-pre-promote", "", "", "node2 node3 node1"},
		{"2.1.5-database-died-post-promote", "node2", "", "node2 node3 node1"},
		// node1 is fenced: post-stop comes before pre-demote, and node1 has no say any more.
		{"2.1.5-node-lost-post-stop", "", "", "node2 node3"},
		{"2.1.5-node-lost-pre-demote", "node1", "", "node2 node3"},
		{"2.1.5-node-lost-pre-promote", "", "", "node2 node3"},
		{"2.1.5-node-lost-post-promote", "node2", "", "node2 node3"},
		// A promotion of node2 failed in the transition before: node2 counts as promoted, though it never was. It is restarted,
		// and node1 is promoted.
		{"2.1.5-failed-promote-pre-demote", "node2", "", "node1 node3 node2"},
		{"2.1.5-failed-promote-pre-start", "", "", "node1 node3 node2"},
		{"2.1.5-failed-promote-pre-promote", "", "", "node1 node3 node2"},
		{"2.1.5-failed-promote-post-promote", "node1", "", "node1 node3 node2"},
	}
}

type timelineEvent struct {
	fixture       string
	promotedAfter string
	promotedNow   string
	active        string
}

func TestSetsMeanWhatTheTimelineSays(t *testing.T) {
	t.Parallel()
	for _, row := range timelines() {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			n := parseFixture(t, "notify", "pacemaker-"+row.fixture).Notify
			if !n.Enabled || !strings.HasSuffix(row.fixture, n.Event()) || n.Event() == "" {
				t.Errorf("got event %q, enabled %v", n.Event(), n.Enabled)
			}
			check(t, "PromotedAfter", n.PromotedAfter(), row.promotedAfter)
			check(t, "PromotedNow", n.PromotedNow(), row.promotedNow)
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
	rows := []struct{ action, fixture, promoted, active string }{
		{"start", "2.1.5-bring-up-start", "", "node1 node2 node3"},
		{"demote", "2.1.5-switchover-demote", "", "node1 node2 node3"},
		{"promote", "2.1.5-switchover-promote", "", "node1 node2 node3"},
		{"start", "2.1.5-database-died-start", "", "node2 node3 node1"},
		{"promote", "2.1.5-node-lost-promote", "", "node2 node3"},
		{"start", "2.1.5-failed-promote-start", "", "node1 node3 node2"},
	}
	for _, row := range rows {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			n := parseFixture(t, row.action, "pacemaker-"+row.fixture).Notify
			if !n.Enabled || n.Event() != "" {
				t.Errorf("got enabled %v and event %q, want the sets and no event", n.Enabled, n.Event())
			}
			check(t, "PromotedNow", n.PromotedNow(), row.promoted)
			check(t, "PromotedAfter", n.PromotedAfter(), row.promoted)
			check(t, "ActiveAtPromote", n.ActiveAtPromote(), row.active)
		})
	}
}

func TestStartOnANodeThatJoinsFindsThePromotedOne(t *testing.T) {
	t.Parallel()
	joining := fixture(t, "pacemaker-2.1.5-bring-up-start").and(environment{
		"OCF_RESKEY_CRM_meta_notify_promoted_uname":   "node1",
		"OCF_RESKEY_CRM_meta_notify_unpromoted_uname": "node3",
		"OCF_RESKEY_CRM_meta_notify_active_uname":     "node1 node3",
		"OCF_RESKEY_CRM_meta_notify_start_uname":      "node2",
	})
	e, err := ocf.ParseEnvironment("start", joining.getenv)
	if err != nil {
		t.Fatalf("cannot parse: %v", err)
	}
	check(t, "PromotedNow", e.Notify.PromotedNow(), "node1")
}

func TestAllSetsOfASwitchoverAreRead(t *testing.T) {
	t.Parallel()
	got := parseFixture(t, "notify", "pacemaker-2.1.5-switchover-pre-demote").Notify
	all := []string{"node1", "node2", "node3"}
	want := ocf.Notify{
		Type: "pre", Operation: "demote", Promoted: []string{"node1"}, Unpromoted: []string{"node2", "node3"}, Active: all,
		Promote: []string{"node2"}, Demote: []string{"node1"}, Available: all, All: all, Enabled: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong sets (-want +got):\n%s", diff)
	}
}

func TestRolesAreReadInTheNewWordsAndElseInTheOld(t *testing.T) {
	t.Parallel()
	const prefix = "OCF_RESKEY_CRM_meta_notify_"
	rows := []struct {
		name                 string
		env                  environment
		promoted, unpromoted string
	}{
		{"2.0: old words only", environment{prefix + "master_uname": "a", prefix + "slave_uname": "b c"}, "a", "b c"},
		{"2.1: both", environment{
			prefix + "master_uname": "a", prefix + "slave_uname": "b c", prefix + "promoted_uname": "a", prefix + "unpromoted_uname": "b c",
		}, "a", "b c"},
		{"new words only", environment{prefix + "promoted_uname": "a", prefix + "unpromoted_uname": "b c"}, "a", "b c"},
		{"a new word that says nobody is not overruled", environment{prefix + "promoted_uname": " ", prefix + "master_uname": "a"}, "", ""},
		{"blanks around and between names", environment{prefix + "promoted_uname": "  a  b "}, "a b", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e, err := ocf.ParseEnvironment("start", row.env.getenv)
			if err != nil {
				t.Fatalf("cannot parse: %v", err)
			}
			check(t, "Promoted", e.Notify.Promoted, row.promoted)
			check(t, "Unpromoted", e.Notify.Unpromoted, row.unpromoted)
		})
	}
}

func TestCloneWithoutNotificationsHasNoSets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"monitor-promoted", "probe"} {
		n := parseFixture(t, "monitor", "pacemaker-2.1.5-"+name).Notify
		if diff := cmp.Diff(ocf.Notify{}, n); diff != "" {
			t.Errorf("%s: wrong sets (-want +got):\n%s", name, diff)
		}
		if n.PromotedAfter() != nil || n.PromotedNow() != nil || n.ActiveAtPromote() != nil || n.Event() != "" {
			t.Errorf("%s: nodes came from nowhere", name)
		}
	}
}

func TestSetsOfBundlesNameTheirHosts(t *testing.T) {
	t.Parallel()
	const prefix = "OCF_RESKEY_CRM_meta_notify_"
	e, err := ocf.ParseEnvironment("notify", environment{prefix + "all_uname": "b-0 b-1", prefix + "all_hosts": "h1 h2"}.getenv)
	if err != nil {
		t.Fatalf("cannot parse: %v", err)
	}
	check(t, "All", e.Notify.All, "b-0 b-1")
	check(t, "AllHosts", e.Notify.AllHosts, "h1 h2")
}

func TestWorkingOutASetLeavesTheSetsAlone(t *testing.T) {
	t.Parallel()
	e := parseFixture(t, "notify", "pacemaker-2.1.5-database-died-post-promote")
	n, before := e.Notify, parseFixture(t, "notify", "pacemaker-2.1.5-database-died-post-promote").Notify
	for _, set := range [][]string{n.PromotedAfter(), n.PromotedNow(), n.ActiveAtPromote()} {
		for i := range set {
			set[i] = "changed"
		}
	}
	if diff := cmp.Diff(before, n); diff != "" {
		t.Errorf("the sets changed (-before +after):\n%s", diff)
	}
}
