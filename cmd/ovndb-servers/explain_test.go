package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// standings returns "NODE STANDING" of each node, and who would lead.
func standings(e explanation) string {
	var all []string
	for _, n := range e.Nodes {
		all = append(all, n.Node+" "+n.Standing)
	}
	return strings.Join(append(all, "-> "+e.WouldLead+" "+string(e.Rule)), "; ")
}

func wantStandings(t *testing.T, got outcome, want string) {
	t.Helper()
	if s := standings(decode[explanation](t, got.stdout)); s != want {
		t.Errorf("got %s\nwant %s\n%s", s, want, got.stdout)
	}
}

// From a led term with one backup, over the loss of the active, to its promotion.
func TestExplainNamesTheNodeThatThePromotionThenChooses(t *testing.T) {
	c := newTestCluster(t)
	got := c.tool("node1", exitCritical, "explain")
	wantText(t, got.stderr, `resource "ovndb-servers" runs on no node`, "crm_mon")
	c.lead("node1")
	c.insert("node1", "a")
	wantStandings(t, c.tool("node1", exitDegraded, "explain", "-o", "json"), "node1 leads; node2 no part; -> "+" answers")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "a")
	c.agent("node1", "monitor", 8) // the beat after the row
	c.agent("node2", "monitor", 0) // the score of a backup that follows
	const follows = "node1 leads; node2 may lead; -> node2 freshest"
	wantStandings(t, c.tool("node2", exitHealthy, "explain", "-o", "json"), follows)
	// From node1 it is only known what node2 held at its start, until it says that it is fresh. That may have
	// been the row already: it is made what node1 held at its own, which was nothing.
	write(t, filepath.Join(c.values, "ovndb-position-ovndb", "node2"), c.value("ovndb-position-ovndb", "node1"), 0o644)
	wantStandings(t, c.tool("node1", exitDegraded, "explain", "-o", "json"), "node1 leads; node2 must not lead; ->  start of the term")
	record, err := replication.ParseRecord(c.value("ovndb-record-ovndb", "record"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.values, "ovndb-freshness-ovndb", "node2"), record.TermID+" fresh", 0o644)
	wantStandings(t, c.tool("node1", exitHealthy, "explain", "-o", "json"), follows)
	text := c.tool("node1", exitHealthy, "explain").stdout
	wantText(t, text, "node node1 leads; if it were lost now:\nnode2 would lead: freshest\n", string(control.PositionFresh))

	c.away("node1")
	wantStandings(t, c.tool("node2", exitCritical, "explain", "-o", "json"), "node1 no part; node2 may lead; -> node2 freshest")
	c.agent("node2", "promote", 0)
	c.role("node2", "Promoted")
	wantStandings(t, c.tool("node2", exitDegraded, "explain", "-o", "json"), "node1 no part; node2 leads; ->  answers")
}

func TestExplainSaysWhyOlderDataDoesNotLeadUntilItIsBlessed(t *testing.T) {
	c := newStaleNode(t)
	write(t, filepath.Join(c.values, "master-ovndb", "node1"), "10", 0o644)
	got := c.tool("node1", exitCritical, "explain")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	wantText(t, lines[len(lines)-1], "no node would lead: ", "no node that takes part has data of term 2, which node node2 led", "ovndb-servers bless")
	wantText(t, got.stdout, "node1 must not lead: no node that takes part", "node2 no part: the resource does not run there")
	c.agent("node1", "promote", 1)
	c.tool("node1", exitHealthy, "bless", "--reason", "node2 burned", "--yes")
	wantText(t, c.tool("node1", exitCritical, "explain").stdout, "node1 would lead: blessed; an operator lets it lead: node2 burned\n")
}

func TestExplainInEveryFormat(t *testing.T) {
	t.Parallel()
	held := replication.Positions{}
	for _, database := range []string{"OVN_Northbound", "OVN_Southbound"} {
		held[database] = replication.Position{Lineage: lineageID, Term: 5, TermID: termOneID, Progress: replication.Progress{Beat: 118, Changes: 4, Possible: 4}}
	}
	e := newExplanation("ovndb_servers", control.Outlook{
		Forecast: replication.Forecast{
			Record: &replication.Record{Term: 5, TermID: termOneID, Node: "node1", Members: []string{"node1", "node2"}},
			Candidates: map[string]replication.Candidate{
				"node2": {Positions: held.AtBeat()}, "node3": {Positions: held.AtBeat()}, "node4": {Unable: "offline; on that node: systemctl start pacemaker"},
			},
			Scores: map[string]replication.Score{"node1": 101250, "node2": 50, "node3": 5},
		},
		Known: map[string]control.PositionSource{
			"node2": control.PositionFresh, "node3": control.PositionSaid, "node4": control.PositionUnknown,
		},
		Leader: "node1", LeaderHolds: held,
	}, []string{"node1"}, []string{"node5"})
	for _, format := range []string{outputTable, outputJSON, outputYAML} {
		var b strings.Builder
		if err := writeResult(screen{out: &b}, e, format); err != nil {
			t.Fatal(err)
		}
		wantGolden(t, "explain-"+format, b.String())
	}
}

func TestExplainWithoutAClusterIsUnknown(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "#!/bin/sh\necho 'crm_mon: Error: cluster is not available on this node' >&2\nexit 102\n", 0o755)
	got := c.tool("node1", exitUnknown, "explain")
	wantText(t, got.stderr, "cannot find out who would lead, as the cluster cannot be asked", "not available on this node")
}
