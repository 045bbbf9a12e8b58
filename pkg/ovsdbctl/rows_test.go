package ovsdbctl_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// selection is a table of every kind of value, in a database of OVN's.
const selection = `["OVN_Northbound",{"op":"select","table":"Logical_Switch_Port","where":[]},{"op":"select","table":"Logical_Switch","where":[]}]`

func TestRowsOfAServerAreThoseInItsFile(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	const insert = `["OVN_Northbound",
		{"op":"insert","table":"Logical_Switch_Port","uuid-name":"p","row":{"name":"port \"1\"","addresses":["set",["b","a"]],"tag":7,"up":true,"options":["map",[["k","v"],["a","="]]]}},
		{"op":"insert","table":"Logical_Switch","row":{"name":"one","ports":["named-uuid","p"]}},
		{"op":"insert","table":"Logical_Switch","row":{"name":"two"}}]`
	out, err := exec.CommandContext(within(t, testTimeout), "ovsdb-client", "transact", "unix:"+server.DataSocket, insert).CombinedOutput()
	if err != nil || strings.Contains(string(out), "error") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = exec.CommandContext(within(t, testTimeout), "ovsdb-tool", "-vconsole:off", "query", server.File, selection).Output()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := ovsdbctl.ParseRows(out)
	if err != nil {
		t.Fatal(err)
	}
	store := mustOpen(t, server)
	for i, table := range []string{"Logical_Switch_Port", "Logical_Switch"} {
		live, err := store.Rows(within(t, testTimeout), table)
		if err != nil || len(live) != i+1 {
			t.Fatalf("%s: %v, %v", table, live, err)
		}
		if diff := cmp.Diff(stored[i], live); diff != "" {
			t.Errorf("%s (-file +server):\n%s", table, diff)
		}
	}
	port := stored[0][0].Columns
	want := map[string][]string{
		"name": {`"port \"1\""`}, "addresses": {`"a"`, `"b"`}, "tag": {"7"}, "up": {"true"}, "options": {`"a"="="`, `"k"="v"`}, "type": {`""`}, "dhcpv4_options": {},
	}
	for name, elements := range want {
		if diff := cmp.Diff(elements, port[name]); diff != "" {
			t.Errorf("column %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTablesAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	store := mustOpen(t, ovsdbctltest.Start(t, ovsdbctl.Northbound()))
	tables, err := store.Tables(within(t, testTimeout))
	if err != nil || !slices.IsSorted(tables) {
		t.Errorf("got %v, %v", tables, err)
	}
	for _, table := range []string{"Connection", "Logical_Switch", "NB_Global"} {
		if !slices.Contains(tables, table) {
			t.Errorf("%s is not among %v", table, tables)
		}
	}
}

func TestRowsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `[1]`, `[{"rows":[{"a":["set"]}]}]`, `[{"rows":[{"_uuid":["uuid","x"],"a":["map",[["k"]]]}]}]`, `[{"rows":[{"_uuid":["uuid",1]}]}]`,
		`[{"rows":[]},{"error":"syntax error","details":"No table named Nope."}]`,
	} {
		if got, err := ovsdbctl.ParseRows([]byte(text)); !errors.Is(err, ovsdbctl.ErrProtocol) {
			t.Errorf("%s is read as %v, error %v", text, got, err)
		}
	}
}

func FuzzParseRows(f *testing.F) {
	// As ovsdb-tool 3.1 prints a selection.
	f.Add(`[{"rows":[{"_uuid":["uuid","6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4e"],"_version":["uuid","0a55a3d1-6d87-4d9f-a1b2-21a6a0a1a6b3"],` +
		`"addresses":["set",["a","b"]],"options":["map",[["k","v"]]],"tag":7,"up":true,"ports":["uuid","0a55a3d1-6d87-4d9f-a1b2-21a6a0a1a6b3"]}]}]`)
	f.Add(`[{"details":"x","error":"syntax error"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		results, err := ovsdbctl.ParseRows([]byte(text))
		if err != nil && !errors.Is(err, ovsdbctl.ErrProtocol) {
			t.Errorf("error is %v", err)
		}
		for _, rows := range results {
			if !slices.IsSortedFunc(rows, func(a, b ovsdbctl.Row) int { return strings.Compare(a.UUID, b.UUID) }) {
				t.Errorf("not sorted: %v", rows)
			}
		}
	})
}
