package ovsdbctl_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// startWith runs a server on a database of the northbound schema after a change. Extra
// options come last.
func startWith(t *testing.T, change func(tables map[string]any), opts ...ovsdbctltest.Option) *ovsdbctltest.Server {
	t.Helper()
	text, err := os.ReadFile(ovsdbctltest.Schema(t, ovsdbctl.Northbound()))
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	change(inside(schema, "tables"))
	schema["version"] = "99.0.0"
	delete(schema, "cksum")
	if text, err = json.Marshal(schema); err != nil {
		t.Fatal(err)
	}
	dir := ovsdbctltest.Dir(t)
	file, path := filepath.Join(dir, "db"), filepath.Join(dir, "schema")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "ovsdb-tool", "create", file, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return ovsdbctltest.Start(t, ovsdbctl.Northbound(), append(opts, ovsdbctltest.File(file))...)
}

func inside(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}

func schemaOf(t *testing.T, server *ovsdbctltest.Server) ovsdbctl.Schema {
	t.Helper()
	schema, err := mustOpen(t, server).Schema(within(t, testTimeout))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSchemaHasTheVersionAndTheColumnsOfTheServer(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t, startWith(t, func(tables map[string]any) {
		tables["New"] = map[string]any{"columns": map[string]any{
			"number": map[string]any{"type": map[string]any{"key": map[string]any{"type": "integer", "maxInteger": json.Number("9007199254740993"), "minInteger": 0}}},
			"text":   map[string]any{"type": "string", "mutable": false},
		}}
	}))
	want := map[string]string{
		"number": `{"type":{"key":{"maxInteger":9007199254740993,"minInteger":0,"type":"integer"}}}`,
		"text":   `{"mutable":false,"type":"string"}`,
	}
	if diff := cmp.Diff(want, schema.Columns["New"]); diff != "" {
		t.Errorf("columns differ (-want +got):\n%s", diff)
	}
	if schema.Name != nb || schema.Version != "99.0.0" {
		t.Errorf("got %s %s", schema.Name, schema.Version)
	}
}

// The first of the two servers is active with the installed schema.
func TestSchemasThatCanBeReplicatedAreThoseThatAServerReplicates(t *testing.T) {
	t.Parallel()
	action := func(tables map[string]any) map[string]any { return inside(tables, "ACL", "columns") }
	tests := map[string]struct {
		change func(tables map[string]any)
		want   string // empty if it can be replicated
	}{
		"another version": {func(map[string]any) {}, ""},
		"one table more":  {func(tables map[string]any) { tables["New"] = tables["Meter"] }, ""},
		"one column more": {func(tables map[string]any) { action(tables)["new"] = map[string]any{"type": "string"} }, ""},
		"one enum value more": {func(tables map[string]any) {
			key := inside(action(tables), "action", "type", "key")
			set, _ := key["enum"].([]any)
			values, _ := set[1].([]any)
			set[1] = append(values, "new")
		}, "the definitions of column ACL.action differ"},
		"two columns fewer": {func(tables map[string]any) {
			delete(action(tables), "priority")
			delete(action(tables), "direction")
		}, "the backup has no column ACL.direction"},
		"one table fewer": {func(tables map[string]any) { delete(tables, "DNS"); dropReferences(tables, "DNS") }, "the backup has no table DNS"},
		"a column that is constant": {func(tables map[string]any) {
			inside(action(tables), "priority")["mutable"] = false
		}, "the definitions of column ACL.priority differ"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			active := ovsdbctltest.Start(t, ovsdbctl.Northbound())
			backup := startWith(t, test.change, ovsdbctltest.SyncFrom(nowhere))
			err := schemaOf(t, backup).CanReplicate(schemaOf(t, active))
			if (err == nil) != (test.want == "") || err != nil && (!errors.Is(err, ovsdbctl.ErrIncompatibleSchema) || !strings.HasSuffix(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			follow := backup.Follow(within(t, testTimeout), active.Endpoint(), probe)
			if follow != nil && !errors.Is(follow, ovsdbctl.ErrNotApplied) { // it may have turned active already
				t.Fatal(follow)
			}
			backup.AwaitStatus(t, "the server replicates, or turns active because it cannot", func(status ovsdbctl.SyncStatus) bool {
				if err == nil {
					return replicating(status)
				}
				return status.Role == ovsdbctl.RoleActive
			})
		})
	}
}

// dropReferences makes columns that refer to a table refer to none.
func dropReferences(tables map[string]any, name string) {
	for table := range tables {
		for column := range inside(tables, table, "columns") {
			key := inside(tables, table, "columns", column, "type", "key")
			if key["refTable"] == name {
				delete(key, "refTable")
				delete(key, "refType")
			}
		}
	}
}

func TestSchemaOfAnotherDatabaseCannotBeReplicated(t *testing.T) {
	t.Parallel()
	northbound, southbound := ovsdbctl.Schema{Name: nb}, ovsdbctl.Schema{Name: sb}
	if err := northbound.CanReplicate(southbound); !errors.Is(err, ovsdbctl.ErrIncompatibleSchema) {
		t.Errorf("got %v, want ErrIncompatibleSchema", err)
	}
	if err := northbound.CanReplicate(northbound); err != nil {
		t.Error(err)
	}
}

func TestSchemaOfAnUnknownFormIsRefused(t *testing.T) {
	t.Parallel()
	for _, result := range []string{`[]`, `"x"`, `{"tables":[]}`, `{"tables":{"T":{"columns":1}}}`, `{"name":1}`} {
		store := openPeer(t, answering(`{"id":2,"result":`+result+`}`))
		if got, err := store.Schema(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
			t.Errorf("%s is read as %v, %v", result, got, err)
		}
	}
	store := openPeer(t, answering(`{"id":2,"error":"unknown database"}`))
	var refused *ovsdbctl.CommandError
	if _, err := store.Schema(within(t, testTimeout)); !errors.As(err, &refused) || refused.Method != "get_schema" {
		t.Errorf("got %v, want a CommandError", err)
	}
}
