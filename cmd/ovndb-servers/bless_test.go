package main

import (
	"strings"
	"testing"
)

func TestBlessShowsWhatItCostsAndIsTakenUpByTheNextPromotion(t *testing.T) {
	c := newStaleNode(t)
	if got := c.agent("node1", "promote", 1); !strings.Contains(got, "bless") {
		t.Errorf("a stale node was refused with %s", got)
	}
	got := c.tool("node1", exitUsage, "bless", "--reason", "node2 burned")
	for _, want := range []string{
		"cluster record: term 2", "led by node node2", "promoted now: no other node", "OVN_Northbound", "term 1 beat",
		"all that was written in term 2", "node node2, which led term 2, has not said what it holds",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%q is not in\n%s", want, got.stdout)
		}
	}
	if !strings.Contains(got.stderr, "--yes") || c.value("ovndb-blessed-ovndb", "node1") != "" || c.value("master-ovndb", "node1") != "" {
		t.Errorf("without --yes: %s", got.stderr)
	}
	got = c.tool("node1", exitHealthy, "bless", "--reason", "node2 \"burned\"\ntoday", "--yes")
	if value := c.value("ovndb-blessed-ovndb", "node1"); !strings.HasSuffix(value, " node2 'burned' today") || !strings.Contains(got.stderr, "lets this node's data lead") {
		t.Errorf("published %q, said %s", value, got.stderr)
	}
	c.agent("node1", "monitor", 0)
	if got := c.value("master-ovndb", "node1"); got != "200" {
		t.Errorf("score is %q after a monitor", got)
	}
	if got := c.tool("node1", exitWrong, "bless", "--reason", "again", "--yes"); !strings.Contains(got.stderr, "blessed already") {
		t.Errorf("a second time: %s", got.stderr)
	}
	c.agent("node1", "promote", 0)
	c.role("node1", "Promoted")
	if got := c.value("ovndb-record-ovndb", "record"); !strings.HasPrefix(got, "3 ") || !strings.HasSuffix(got, " node1 blessed: node2 'burned' today") {
		t.Errorf("the record is %q", got)
	}
	if got := c.value("ovndb-blessed-ovndb", "node1"); got != "" {
		t.Errorf("still blessed: %q", got)
	}
	if got := c.tool("node1", exitHealthy, "status"); !strings.Contains(got.stdout, "led by node node1, blessed: node2 'burned' today") {
		t.Errorf("status is\n%s", got.stdout)
	}
	if got := c.tool("node1", exitWrong, "bless", "--reason", "why not", "--yes"); !strings.Contains(got.stderr, "this node is promoted") {
		t.Errorf("on the promoted node: %s", got.stderr)
	}
}

func TestABlessingCanBeWithdrawnAndIsRefusedWhereItCannotMatter(t *testing.T) {
	c := newStaleNode(t)
	c.tool("node1", exitHealthy, "bless", "--reason", "a mistake", "--yes")
	c.tool("node1", exitHealthy, "bless", "--withdraw")
	c.agent("node1", "monitor", 0)
	if got := c.value("ovndb-blessed-ovndb", "node1") + c.value("master-ovndb", "node1"); got != "" {
		t.Errorf("left are %q", got)
	}
	for _, args := range [][]string{{"bless"}, {"bless", "--reason", " \n"}, {"bless", "--withdraw", "--reason", "x"}, {"bless", "node1"}} {
		c.tool("node1", exitUsage, args...)
	}
	c.lead("node2")
	c.agent("node1", "monitor", 0) // points it at node2
	c.awaitFollowing("node1")
	if got := c.tool("node1", exitWrong, "bless", "--reason", "x", "--yes"); !strings.Contains(got.stderr, "replicates from the promoted node node2") {
		t.Errorf("on a backup that follows: %s", got.stderr)
	}
}

func (c testCluster) awaitFollowing(node string) {
	c.t.Helper()
	c.await(node, "second")
	c.agent(node, "monitor", 0)
}
