package supervisor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
)

// olderSchemas has a node use schemas of which the northbound one has a type that cannot be replicated
// into that of the installed package, or back.
func olderSchemas(t *testing.T, c *control.Controller) {
	t.Helper()
	for i := range c.Units {
		file := &c.Units[i].Files.Schema
		text, err := os.ReadFile(*file)
		must(t, err)
		var schema map[string]any
		must(t, json.Unmarshal(text, &schema))
		schema["version"] = "1.0.0"
		if i == 0 {
			tables, _ := schema["tables"].(map[string]any)
			table, _ := tables["Logical_Switch"].(map[string]any)
			columns, _ := table["columns"].(map[string]any)
			columns["other_config"] = map[string]any{"type": map[string]any{"key": "string", "value": "string", "min": 0, "max": 1000}}
		}
		text, err = json.Marshal(schema)
		must(t, err)
		*file = filepath.Join(t.TempDir(), filepath.Base(*file))
		must(t, os.WriteFile(*file, text, 0o600))
	}
}

func schemaVersion(t *testing.T, c *control.Controller, unit int) string {
	t.Helper()
	store, err := c.Units[unit].Server.Open(testContext(t))
	if err != nil {
		return err.Error() // while all sessions end
	}
	defer store.Close()
	schema, err := store.Schema(testContext(t))
	if err != nil {
		return err.Error()
	}
	return schema.Version
}

// From two nodes of an older package, supervised: when both have the newer one, the active's databases are
// converted, the backup follows with the new schema, and no failure is reported to the cluster.
func TestSupervisedNodesTakeTheNewSchemaWhenBothPackagesHaveIt(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(active *control.Controller) { olderSchemas(t, active) })
	for i, node := range []*control.Controller{p.active, p.backup} {
		p.stop[i] = supervise(t, node, p.changed[i])
	}
	eventually(t, "the backup to take the older schema", func() bool { return schemaVersion(t, p.backup, 0) == "1.0.0" })
	p.stop[0]()
	for i, name := range []string{"ovn-nb.ovsschema", "ovn-sb.ovsschema"} {
		p.active.Units[i].Files.Schema = filepath.Join("/usr/share/ovn", name)
	}
	supervise(t, p.active, p.changed[0])
	for i, u := range p.active.Units {
		eventually(t, u.Name()+" to be converted", func() bool { return schemaVersion(t, p.active, i) != "1.0.0" && writable(t, u) })
		eventually(t, "the backup to have the new schema", func() bool {
			return schemaVersion(t, p.backup, i) == schemaVersion(t, p.active, i) && !writable(t, p.backup.Units[i])
		})
	}
	eventually(t, "the backup to be fresh", func() bool {
		return strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " fresh")
	})
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}
