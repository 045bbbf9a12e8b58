package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

func FuzzCleanReason(f *testing.F) {
	f.Add("disk of node1 burned\n\"really\"")
	f.Fuzz(func(t *testing.T, text string) {
		got := replication.CleanReason(text)
		if strings.ContainsAny(got, "\"\n\r\\") || !utf8.ValidString(got) || got != strings.TrimSpace(got) {
			t.Errorf("reason %q becomes %q", text, got)
		}
		if again := replication.CleanReason(got); again != got {
			t.Errorf("reason %q becomes %q and then %q", text, got, again)
		}
	})
}

// newStaleNode returns a trio of which only node3 runs, with data that has missed
// the current term.
func newStaleNode(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	must(t, three.nodes[2].Stop(testContext(t)))
	three.switchOverWithout(t, 0, 1, 2)
	insert(t, three.nodes[1], "b")
	wantRows(t, three.nodes[0], "a", "b")
	for _, n := range three.nodes[:2] {
		must(t, n.Stop(testContext(t)))
	}
	must(t, three.nodes[2].Start(testContext(t)))
	return three
}

func TestABlessedNodeKeepsItsScoreUntilItIsPromotedAndTheRecordSaysWhy(t *testing.T) {
	t.Parallel()
	three, elected := newStaleNode(t), replication.ScoreElected.String()
	node := three.nodes[2]
	must(t, node.Bless(testContext(t), `the others "burned"`))
	wantHealth(t, node, replication.HealthBackup)
	if got := three.Score("node3"); got != elected {
		t.Fatalf("after a monitor the score is %q, want %s", got, elected)
	}
	must(t, node.Stop(testContext(t)))
	must(t, node.Start(testContext(t)))
	if got := three.Score("node3"); got != elected {
		t.Fatalf("after a restart the score is %q, want %s", got, elected)
	}
	must(t, three.hold(t, 2, 0, 1))
	must(t, node.Promote(testContext(t), three.electorate(0, 1)))
	record, err := node.Record(testContext(t))
	must(t, err)
	if record.Node != "node3" || record.Blessed != "the others 'burned'" {
		t.Errorf("the record is %v", record)
	}
	must(t, node.Demote(testContext(t)))
	standing, err := node.Survey(testContext(t))
	must(t, err)
	if standing.Blessed != nil {
		t.Errorf("the blessing holds for more than one promotion: %v", standing.Blessed)
	}
}

func TestAWithdrawnBlessingLeavesNoScore(t *testing.T) {
	t.Parallel()
	three := newStaleNode(t)
	must(t, three.nodes[2].Bless(testContext(t), "a mistake"))
	must(t, three.nodes[2].WithdrawBlessing(testContext(t)))
	wantHealth(t, three.nodes[2], replication.HealthBackupDegraded)
	if got := three.Score("node3"); got != "" {
		t.Errorf("score is %q", got)
	}
	wantChoice(t, three.hold(t, 2, 0, 1), "", "node node2 led")
}

func TestABlessingDoesNotOutliveTheDataItWasGivenFor(t *testing.T) {
	t.Parallel()
	three := newStaleNode(t)
	must(t, three.nodes[2].Bless(testContext(t), "the others burned"))
	must(t, three.nodes[1].Start(testContext(t)))
	must(t, three.nodes[1].Promote(testContext(t), replication.Participants{Nodes: []string{"node2"}}))
	standing, err := three.nodes[2].Survey(testContext(t))
	must(t, err)
	if standing.Blessed != nil {
		t.Errorf("the blessing holds in the term of another node: %v", standing.Blessed)
	}
	must(t, three.nodes[2].Follow(testContext(t), "node2"))
	if left, err := three.nodes[2].Cluster.Published(testContext(t), control.TopicBlessed); err != nil || len(left) > 0 {
		t.Errorf("the blessing is still published: %v %v", left, err)
	}
	wantRows(t, three.nodes[2], "a", "b")
}

func TestStandingNamesTheNodesThatHoldMore(t *testing.T) {
	t.Parallel()
	three := newStaleNode(t)
	must(t, three.nodes[0].Start(testContext(t)))
	standing, err := three.nodes[2].Survey(testContext(t))
	must(t, err)
	if got := standing.HoldMore(); !slices.Equal(got, []string{"node1"}) || standing.Own[nb].Term != 1 || standing.Record.Node != "node2" {
		t.Errorf("hold more: %v, in %+v", got, standing)
	}
	fresh, err := three.nodes[0].Survey(testContext(t))
	must(t, err)
	if got := fresh.HoldMore(); len(got) > 0 {
		t.Errorf("node3 alone is left behind, and hold more than node1: %v", got)
	}
	if err := three.nodes[2].Bless(testContext(t), "\n"); !errors.Is(err, control.ErrNoReason) {
		t.Errorf("error is %v, want ErrNoReason", err)
	}
}
