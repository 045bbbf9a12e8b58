package replication_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

func TestAReasonFitsIntoAnAttributeOfTheCluster(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"disk of node1 burned":          "disk of node1 burned",
		"  two\nlines\tand \"quotes\" ": "two lines and 'quotes'",
		`a\b`:                           "a/b",
		"\x00\xff":                      "",
		strings.Repeat("ä", 150):        strings.Repeat("ä", 100),
	} {
		if got := replication.CleanReason(text); got != want {
			t.Errorf("reason %q becomes %q, want %q", text, got, want)
		}
	}
}

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

func TestABlessingHoldsForTheTermInWhichItWasGiven(t *testing.T) {
	t.Parallel()
	record := &replication.Record{Term: 3, TermID: "T3", Node: "node1"}
	given := replication.ParseBlessing(replication.Blessing{TermID: "T3", Reason: "node1 burned"}.String())
	if diff := cmp.Diff(&replication.Blessing{TermID: "T3", Reason: "node1 burned"}, given); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	first := replication.ParseBlessing(replication.Blessing{Reason: "no record"}.String())
	for _, tt := range []struct {
		name   string
		b      *replication.Blessing
		record *replication.Record
		want   bool
	}{
		{name: "none", record: record},
		{name: "given in this term", b: given, record: record, want: true},
		{name: "given in an earlier term", b: given, record: &replication.Record{Term: 4, TermID: "T4"}},
		{name: "given in a term whose record is lost", b: given},
		{name: "given before any term", b: first, want: true},
		{name: "given before the first term", b: first, record: record},
	} {
		if got := tt.b.Holds(tt.record); got != tt.want {
			t.Errorf("%s: holds is %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestARecordKeepsTheReasonOfABlessingAndIsReadWithoutOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]replication.Record{
		"3 T3 node1":                        {Term: 3, TermID: "T3", Node: "node1"},
		"3 T3 node1 blessed: node2 burned":  {Term: 3, TermID: "T3", Node: "node1", Blessed: "node2 burned"},
		"3 T3 node1 blessed: blessed: once": {Term: 3, TermID: "T3", Node: "node1", Blessed: "blessed: once"},
	} {
		got, err := replication.ParseRecord(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if got.String() != text {
			t.Errorf("%q is written as %q", text, got.String())
		}
	}
	for _, text := range []string{"3 T3", "3 T3 node1 node2", "0 T3 node1", "x T3 node1", "3 T3 node1 blessed"} {
		if _, err := replication.ParseRecord(text); !errors.Is(err, replication.ErrRecord) {
			t.Errorf("%q: error is %v, want ErrRecord", text, err)
		}
	}
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
	three, elected := newStaleNode(t), strconv.Itoa(replication.ScoreElected)
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
	record, err := node.ReadRecord(testContext(t))
	must(t, err)
	if record.Node != "node3" || record.Blessed != "the others 'burned'" {
		t.Errorf("the record is %v", record)
	}
	must(t, node.Demote(testContext(t)))
	standing, err := node.Standing(testContext(t))
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
	wantHealth(t, three.nodes[2], replication.HealthBackup)
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
	must(t, three.nodes[1].Promote(testContext(t), replication.Electorate{Nodes: []string{"node2"}}))
	standing, err := three.nodes[2].Standing(testContext(t))
	must(t, err)
	if standing.Blessed != nil {
		t.Errorf("the blessing holds in the term of another node: %v", standing.Blessed)
	}
	must(t, three.nodes[2].Follow(testContext(t), "node2"))
	if left, err := three.nodes[2].Cluster.Published(testContext(t), replication.TopicBlessed); err != nil || len(left) > 0 {
		t.Errorf("the blessing is still published: %v %v", left, err)
	}
	wantRows(t, three.nodes[2], "a", "b")
}

func TestStandingNamesTheNodesThatHoldMore(t *testing.T) {
	t.Parallel()
	three := newStaleNode(t)
	must(t, three.nodes[0].Start(testContext(t)))
	standing, err := three.nodes[2].Standing(testContext(t))
	must(t, err)
	if got := standing.HoldMore(); !slices.Equal(got, []string{"node1"}) || standing.Own[nb].Term != 1 || standing.Record.Node != "node2" {
		t.Errorf("hold more: %v, in %+v", got, standing)
	}
	fresh, err := three.nodes[0].Standing(testContext(t))
	must(t, err)
	if got := fresh.HoldMore(); len(got) > 0 {
		t.Errorf("node3 alone is left behind, and hold more than node1: %v", got)
	}
	if err := three.nodes[2].Bless(testContext(t), "\n"); !errors.Is(err, replication.ErrNoReason) {
		t.Errorf("error is %v, want ErrNoReason", err)
	}
}
