package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

// wantGolden compares text with a file in testdata, which UPDATE=1 rewrites.
func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The UUIDs that stand in the tables.
const (
	lineageID = "5f0c0f58-2f40-4b52-b4a3-6a8f4f6a7c11"
	termOneID = "0b0d2a9e-6a51-4a0e-8f5b-6f0f4f0a9d01"
	termTwoID = "9a7e1c64-3f0b-4c3c-9f3e-2b8b7d5f1e02"
)

func TestTableOfABackupThatFollows(t *testing.T) {
	t.Parallel()
	yes, fifty, hundred := true, 50, 102000
	r := report{
		Node: "node1", Resource: "ovndb_servers", Health: "backup", Healthy: true,
		Servers: []serverReport{{
			Database: "OVN_Northbound", Role: "backup", ReplicatesFrom: "tcp:192.0.2.2:6641", Connected: true, File: "/var/lib/ovn/ovnnb_db.db",
			Term: 2, TermID: termTwoID, Lineage: lineageID, Progress: "118+4", Current: &yes,
		}},
		Cluster: clusterReport{
			Available: true, Record: &recordReport{Term: 2, TermID: termTwoID, Node: "node2"},
			Nodes: []nodeReport{
				{Name: "node1", State: "online", Role: "Unpromoted", Score: &fifty},
				{Name: "node2", State: "online", Role: "Promoted", Score: &hundred, Publishes: "OVN_Northbound=tcp:192.0.2.2:6641"},
				{Name: "node3", State: "offline", Role: "Stopped"},
			},
		},
	}
	var b strings.Builder
	if err := writeTable(&b, r); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "following", b.String())
}

func TestTableOfAStaleNodeBesideABlankOne(t *testing.T) {
	t.Parallel()
	no := false
	r := report{
		Node: "node3", Resource: "ovndb_servers", Health: "backup", Problems: []string{"no node of the cluster is promoted"},
		Servers: []serverReport{
			{
				Database: "OVN_Northbound", Role: "backup", ReplicatesFrom: "tcp:192.0.2.254:6641", File: "/var/lib/ovn/ovnnb_db.db",
				Term: 1, TermID: termOneID, Lineage: lineageID, Progress: "7+2~9", Current: &no,
			},
			{Database: "OVN_Southbound", Role: "backup", ReplicatesFrom: "tcp:192.0.2.254:6642", File: "/var/lib/ovn/ovnsb_db.db", Current: &no},
		},
		Cluster: clusterReport{
			Available: true, Record: &recordReport{Term: 2, TermID: termTwoID, Node: "node2", Blessed: "node1 burned"},
			Nodes: []nodeReport{{Name: "node3", State: "online", Role: "Unpromoted"}},
		},
	}
	var b strings.Builder
	if err := writeTable(&b, r); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "stale", b.String())
}

func TestTableOfSnapshots(t *testing.T) {
	t.Parallel()
	taken := time.Date(2026, 3, 4, 5, 6, 7, 890, time.UTC)
	var b strings.Builder
	err := writeSnapshots(&b, "/var/lib/ovn", []snapshot.Info{
		{
			Name: "OVN_Northbound.20260304T050607.000000890Z.ahead", Database: "OVN_Northbound", Taken: taken, Why: "ahead",
			Reason: "data of term 1 up to 7+2, but the next term began at 7+0", Position: "term 1 beat 7+2", SizeBytes: 14503,
		},
		{Name: "OVN_Southbound.20260303T050607.000000000Z.adopted", Database: "OVN_Southbound", Taken: taken.AddDate(0, 0, -1), Why: "adopted", SizeBytes: 300 << 20},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "snapshots", b.String())
}

func TestTextOfTheCostOfABlessing(t *testing.T) {
	t.Parallel()
	old := replication.Position{Lineage: lineageID, Term: 1, TermID: termOneID, Progress: replication.Progress{Beat: 7, Changes: 2, Possible: 2}}
	fresh := replication.Position{Lineage: lineageID, Term: 2, TermID: termTwoID, PrevTermID: termOneID, Progress: replication.Progress{Beat: 90}}
	foreign := replication.Position{Lineage: "0d7f8e55-0000-4000-8000-000000000000", Term: 9, TermID: "x"}
	s := replication.Survey{
		Record: &replication.Record{Term: 2, TermID: termTwoID, Node: "node2"}, Node: "node1",
		Own: replication.Positions{"OVN_Northbound": old, "OVN_Southbound": fresh},
		Others: map[string]replication.Positions{
			"node3": {"OVN_Northbound": fresh, "OVN_Southbound": fresh}, "node4": {"OVN_Northbound": foreign, "OVN_Southbound": fresh},
		},
	}
	wantGolden(t, "bless", costText("ovndb_servers", s))
	first := replication.Survey{
		Node: "node1", Own: replication.Positions{"OVN_Northbound": {Content: "0123456789abcdef"}},
		Others: map[string]replication.Positions{"node2": {"OVN_Northbound": {}}, "node3": {"OVN_Northbound": {Content: "fedcba9876543210"}}}, Promoted: []string{"node2"},
	}
	wantGolden(t, "bless-first", costText("ovndb_servers", first))
}

// Names, sources and reasons come from other nodes, databases and programs.
func TestNoTextOfOthersActsOnATerminalOrForgesALine(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\nproblem: none\tx\u009b1m\u202e"
	r := report{
		Node: "node1", Health: "backup", Problems: []string{hostile},
		Servers: []serverReport{{Database: hostile, Role: hostile, ReplicatesFrom: hostile, Lineage: hostile, File: hostile, Progress: hostile}},
		Cluster: clusterReport{
			Available: true, Record: &recordReport{Term: 2, TermID: hostile, Node: hostile, Blessed: hostile},
			Nodes: []nodeReport{{Name: hostile, State: hostile, Role: hostile, Publishes: hostile}},
		},
	}
	var clean, table, text strings.Builder
	if err := writeTable(&table, r); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(printable.Writer(&text), r); err != nil {
		t.Fatal(err)
	}
	if err := writeTable(&clean, report{
		Problems: []string{""}, Servers: []serverReport{{}},
		Cluster: clusterReport{Available: true, Record: &recordReport{}, Nodes: []nodeReport{{}}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{table.String(), text.String()} {
		if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && printable.Unprintable(r) }) {
			t.Errorf("printed is %q", out)
		}
	}
	if got, want := strings.Count(table.String(), "\n"), strings.Count(clean.String(), "\n"); got != want {
		t.Errorf("%d lines, want %d:\n%s", got, want, table.String())
	}
}
