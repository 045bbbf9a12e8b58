package snapshot_test

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/process"
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

// open opens a database file until the test ends.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
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
	file := open(t, server.File)
	database, tables, err := snapshot.Tables(file)
	if err != nil || database != "OVN_Northbound" || !slices.Contains(tables, "Logical_Switch") || !slices.Contains(tables, "NB_Global") {
		t.Fatalf("database %s has tables %v, %v", database, tables, err)
	}
	contents, err := snapshot.Read(t.Context(), file, process.Owner{}, database, tables)
	if err != nil {
		t.Fatal(err)
	}
	insert("two") // the server has not lost its lock, nor its place in the file
	rows := contents["Logical_Switch"]
	if len(contents) != len(tables) || len(rows) != 1 || !slices.Equal(rows[0].Columns["name"], []string{`"one"`}) {
		t.Errorf("contents are %v", contents)
	}
	if _, err := snapshot.Read(t.Context(), file, process.Owner{}, database, []string{"Nothing"}); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("error is %v", err)
	}
}

// appendRecord adds a transaction to a database file, as ovsdb(5) has it.
func appendRecord(t *testing.T, path, record string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := fmt.Fprintf(file, "OVSDB JSON %d %x\n%s", len(record), sha1.Sum([]byte(record)), record); err != nil {
		t.Fatal(err)
	}
}

func TestATableThatIsTooLargeIsLeftOutAndTheOthersAreRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), path)
	large := strings.Repeat("x", 65<<20) // more than is kept of a program's output
	appendRecord(t, path, `{"Logical_Switch":{"6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4e":{"name":"`+large+`"}}}`+"\n")
	appendRecord(t, path, `{"Logical_Router":{"6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4f":{"name":"small"}}}`+"\n")
	contents, err := snapshot.Read(t.Context(), open(t, path), process.Owner{}, "OVN_Northbound", []string{"Logical_Router", "Logical_Switch"})
	if !errors.Is(err, snapshot.ErrTooLarge) || !strings.Contains(err.Error(), "Logical_Switch") {
		t.Errorf("error is %v, want ErrTooLarge for Logical_Switch", err)
	}
	if len(contents) != 1 || len(contents["Logical_Router"]) != 1 {
		t.Errorf("read are %d tables", len(contents))
	}
}
