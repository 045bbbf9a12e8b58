package snapshot_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/snapshot"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	row := func(id string, columns map[string][]string) ovsdbctl.Row {
		return ovsdbctl.Row{UUID: id, Columns: columns}
	}
	was := snapshot.Contents{
		"Switch": {
			row("1", map[string][]string{"name": {`"same"`}, "gone": {}}),
			row("2", map[string][]string{"name": {`"was"`}, "ids": {`"a"="1"`, `"agent:x"="1"`, `"b"="2"`}}),
			row("3", map[string][]string{"name": {`"lost"`}, "type": {`""`}, "ports": {}}),
		},
		"Listener": {row("9", map[string][]string{"port": {"1"}})},
		"Old":      {row("8", map[string][]string{"name": {`"older schema"`}})},
	}
	is := snapshot.Contents{
		"Switch": {
			row("1", map[string][]string{"name": {`"same"`}, "new": {}, "listeners": {"9"}}),
			row("2", map[string][]string{"name": {`"is"`}, "ids": {`"a"="1"`, `"agent:x"="2"`, `"b"="3"`}}),
			row("4", map[string][]string{"name": {`"new"`}}),
		},
	}
	want := []snapshot.Difference{
		{Kind: snapshot.Missing, Table: "Old", UUID: "8", Columns: []snapshot.Change{{Column: "name", Snapshot: []string{`"older schema"`}, Live: []string{}}}},
		{Kind: snapshot.Missing, Table: "Switch", UUID: "3", Columns: []snapshot.Change{{Column: "name", Snapshot: []string{`"lost"`}, Live: []string{}}}},
		{Kind: snapshot.Changed, Table: "Switch", UUID: "2", Columns: []snapshot.Change{
			{Column: "ids", Snapshot: []string{`"b"="2"`}, Live: []string{`"b"="3"`}}, {Column: "name", Snapshot: []string{`"was"`}, Live: []string{`"is"`}},
		}},
		{Kind: snapshot.Added, Table: "Switch", UUID: "4", Columns: []snapshot.Change{{Column: "name", Snapshot: []string{}, Live: []string{`"new"`}}}},
	}
	got := snapshot.Compare(was, is, snapshot.Ignore{Tables: []string{"Listener"}, Columns: []string{"listeners"}, Elements: `"agent:`})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRowsAreReadFromTheFileOfARunningServerWhichDoesNotNotice(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	insert := func(name string) {
		out, err := exec.CommandContext(t.Context(), "ovsdb-client", "transact", "unix:"+server.DataSocket,
			`["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"`+name+`"}}]`).CombinedOutput()
		if err != nil || strings.Contains(string(out), "error") {
			t.Fatalf("%v: %s", err, out)
		}
	}
	insert("one")
	database, tables, err := snapshot.Tables(server.File)
	if err != nil || database != "OVN_Northbound" || !slices.Contains(tables, "Logical_Switch") || !slices.Contains(tables, "NB_Global") {
		t.Fatalf("database %s has tables %v, %v", database, tables, err)
	}
	contents, err := snapshot.Read(t.Context(), server.File, database, tables)
	if err != nil {
		t.Fatal(err)
	}
	insert("two") // the server has not lost its lock, nor its place in the file
	rows := contents["Logical_Switch"]
	if len(contents) != len(tables) || len(rows) != 1 || !slices.Equal(rows[0].Columns["name"], []string{`"one"`}) {
		t.Errorf("contents are %v", contents)
	}
	if _, err := snapshot.Read(t.Context(), server.File, database, []string{"Nothing"}); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("error is %v", err)
	}
}
