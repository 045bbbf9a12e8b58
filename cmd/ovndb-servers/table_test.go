package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
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
