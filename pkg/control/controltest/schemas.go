package controltest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/control"
)

// OlderSchema is the version of the schemas that [UseOlderSchemas] makes.
const OlderSchema = "0.0.1"

// UseOlderSchemas has a node use schemas of an older package. The northbound one lacks a column, and another
// has a type that can be replicated neither into the installed one nor back.
func UseOlderSchemas(t *testing.T, node *control.Controller) {
	t.Helper()
	for i := range node.Units {
		file := &node.Units[i].Files.Schema
		older := filepath.Join(t.TempDir(), filepath.Base(*file))
		if err := os.WriteFile(older, olderSchema(t, *file, i == 0), 0o600); err != nil {
			t.Fatal(err)
		}
		*file = older
	}
}

func olderSchema(t *testing.T, installed string, northbound bool) []byte {
	t.Helper()
	var schema map[string]any
	text, err := os.ReadFile(installed)
	if err == nil {
		err = json.Unmarshal(text, &schema)
	}
	if err != nil {
		t.Fatal(err)
	}
	schema["version"] = OlderSchema
	if northbound {
		tables, _ := schema["tables"].(map[string]any)
		table, _ := tables["Logical_Switch"].(map[string]any)
		columns, _ := table["columns"].(map[string]any)
		delete(columns, "copp")
		columns["other_config"] = map[string]any{"type": map[string]any{"key": "string", "value": "string", "min": 0, "max": 1000}}
	}
	if text, err = json.Marshal(schema); err != nil {
		t.Fatal(err)
	}
	return text
}

// UseInstalledSchemas puts the schemas of the package of OVN that is installed here in the place of those of
// [UseOlderSchemas], as an upgrade of the package does.
func UseInstalledSchemas(t *testing.T, node *control.Controller) {
	t.Helper()
	for i, name := range []string{"ovn-nb.ovsschema", "ovn-sb.ovsschema"} {
		installed, file := filepath.Join("/usr/share/ovn", name), node.Units[i].Files.Schema
		if file == installed {
			continue
		}
		text, err := os.ReadFile(installed)
		if err == nil {
			err = errors.Join(os.WriteFile(file+".new", text, 0o600), os.Rename(file+".new", file))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// SchemaVersion returns the version of the schema that a server has, or the reason why it does not say:
// all sessions end while it is converted.
func SchemaVersion(t *testing.T, u control.Unit) string {
	t.Helper()
	store, err := u.Server.Open(t.Context())
	if err != nil {
		return err.Error()
	}
	defer store.Close()
	schema, err := store.Schema(t.Context())
	if err != nil {
		return err.Error()
	}
	return schema.Version
}
