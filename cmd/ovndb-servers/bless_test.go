package main

import (
	"strings"
	"testing"
)

func TestBlessShowsWhatItCostsAndDoesNothingUnlessConfirmed(t *testing.T) {
	c := newStaleNode(t)
	wantText(t, c.agent("node1", "promote", 1), "ovndb-servers bless")
	got := c.tool("node1", exitUnconfirmed, "bless", "--reason", "node2 burned")
	wantText(t, got.stdout, "cluster record: term 2", "led by node node2", "promoted now: no other node", "OVN_Northbound", "term 1 beat",
		"all that was written in term 2", "the data of node node2, which led term 2, is unknown")
	wantText(t, got.stderr, "--yes")
	c.wantValue("ovndb-blessed-ovndb", "node1", "")
	c.wantValue("master-ovndb", "node1", "")
}

func TestABlessingIsTakenUpByTheNextPromotionAndKeptInTheRecord(t *testing.T) {
	c := newStaleNode(t)
	got := c.tool("node1", exitHealthy, "bless", "--reason", "node2 \"burned\"\ntoday", "--yes")
	wantText(t, got.stderr, "lets this node's data lead", "node2 'burned' today")
	_, termID, _ := strings.Cut(c.value("ovndb-record-ovndb", "record"), " ")
	termID, _, _ = strings.Cut(termID, " ")
	c.wantValue("ovndb-blessed-ovndb", "node1", termID+" node2 'burned' today")
	c.agent("node1", "monitor", 0)
	c.wantValue("master-ovndb", "node1", "200")
	wantText(t, c.tool("node1", exitDegraded, "bless", "--reason", "again", "--yes").stderr, "blessed already")
	c.agent("node1", "promote", 0)
	c.role("node1", "Promoted")
	c.wantValue("ovndb-blessed-ovndb", "node1", "")
	wantText(t, c.value("ovndb-record-ovndb", "record"), "3 ", " node1 ", " blessed: node2 'burned' today")
	wantText(t, c.tool("node1", exitHealthy, "status").stdout, "term 3 (", "led by node node1, blessed: node2 'burned' today")
	wantText(t, c.tool("node1", exitDegraded, "bless", "--reason", "why not", "--yes").stderr, "this node is promoted")
}

func TestABlessingCanBeWithdrawnAndIsRefusedWhereItCannotMatter(t *testing.T) {
	c := newStaleNode(t)
	c.tool("node1", exitHealthy, "bless", "--reason", "a mistake", "--yes")
	c.tool("node1", exitHealthy, "bless", "--withdraw")
	c.agent("node1", "monitor", 0)
	c.wantValue("ovndb-blessed-ovndb", "node1", "")
	c.wantValue("master-ovndb", "node1", "")
	for _, args := range [][]string{{"bless"}, {"bless", "--reason", " \n"}, {"bless", "--withdraw", "--reason", "x"}, {"bless", "node1"}} {
		c.tool("node1", exitUsage, args...)
	}
	c.lead("node2")
	c.agent("node1", "monitor", 0) // points it at node2
	c.awaitFollowing("node1")
	wantText(t, c.tool("node1", exitDegraded, "bless", "--reason", "x", "--yes").stderr, "replicates from the promoted node node2")
}

func (c testCluster) awaitFollowing(node string) {
	c.t.Helper()
	c.await(node, "second")
	c.agent(node, "monitor", 0)
}
