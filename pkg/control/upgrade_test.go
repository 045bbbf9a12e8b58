package control_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// The versions of the schemas that older packages bring in these tests.
const (
	olderNB = "1.2.3"
	olderSB = "1.0.0"
)

// withOlderPackage has a node use schemas in which a column is missing, and another has a type that
// cannot be replicated in either direction.
func withOlderPackage(t *testing.T, c *control.Controller) {
	t.Helper()
	for i, version := range []string{olderNB, olderSB} {
		var schema map[string]any
		text, err := os.ReadFile(c.Units[i].Files.Schema)
		must(t, err)
		must(t, json.Unmarshal(text, &schema))
		schema["version"] = version
		tables, _ := schema["tables"].(map[string]any)
		if i == 0 {
			columns := tables["Logical_Switch"].(map[string]any)["columns"].(map[string]any) //nolint:forcetypeassert // OVN's schema
			delete(columns, "copp")
			columns["other_config"] = map[string]any{"type": map[string]any{"key": "string", "value": "string", "min": 0, "max": 1000}}
		}
		text, err = json.Marshal(schema)
		must(t, err)
		c.Units[i].Files.Schema = filepath.Join(t.TempDir(), filepath.Base(c.Units[i].Files.Schema))
		must(t, os.WriteFile(c.Units[i].Files.Schema, text, 0o600))
	}
}

// versionOf returns the version of the schema that a node's northbound server has.
func versionOf(t *testing.T, c *control.Controller) string {
	t.Helper()
	store, err := c.Units[0].Server.Open(testContext(t))
	must(t, err)
	defer store.Close()
	schema, err := store.Schema(testContext(t))
	must(t, err)
	return schema.Version
}

// upgradePair is two nodes of which the first leads.
func upgradePair(t *testing.T, older ...int) (active, backup *control.Controller, nodes []*control.Controller) {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	active = controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	backup = controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	nodes = []*control.Controller{active, backup}
	for _, i := range older {
		withOlderPackage(t, nodes[i])
	}
	for _, node := range nodes {
		must(t, node.Start(testContext(t)))
		must(t, node.PublishSchemas(testContext(t)))
	}
	must(t, active.Promote(testContext(t), replication.Participants{}))
	insert(t, active, "row")
	return active, backup, nodes
}

// From a backup whose package is newer than that of the active, and one whose package is older: it takes
// the schema of the active, and has its rows.
func TestBackupTakesTheSchemaOfItsActive(t *testing.T) {
	t.Parallel()
	for name, older := range map[string]int{"the active has the older": 0, "the backup has the older": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			active, backup, _ := upgradePair(t, older)
			if versionOf(t, active) == versionOf(t, backup) {
				t.Fatal("both have one schema")
			}
			must(t, backup.Follow(testContext(t), "node1"))
			wantRows(t, backup, "row")
			if a, b := versionOf(t, active), versionOf(t, backup); a != b {
				t.Errorf("the active has %s, the backup %s", a, b)
			}
			wantHealth(t, backup, replication.HealthBackup)
		})
	}
}

// From rows on a backup that its active does not have, and another schema: they are in a snapshot before
// the schema is taken.
func TestRowsAreInASnapshotBeforeAnotherSchemaIsTaken(t *testing.T) {
	t.Parallel()
	active, backup, _ := upgradePair(t, 0)
	must(t, backup.Units[0].Server.Activate(testContext(t)))
	insert(t, backup, "alone")
	must(t, backup.Follow(testContext(t), active.Node))
	wantRows(t, backup, "row")
	if kept := snapshots(t, backup); len(kept) != 1 || !slices.Equal(kept["adopted"], []string{"alone"}) {
		t.Errorf("snapshots have %v", kept)
	}
}

// From an active and a backup of an older package: after the restart of the backup with a newer one nothing
// changes, after that of the active the database is converted, with a snapshot of it as it was, and the
// backup has the new schema and the rows.
func TestDatabasesAreConvertedWhenAllNodesHaveTheNewerPackage(t *testing.T) {
	t.Parallel()
	active, backup, _ := upgradePair(t, 0, 1)
	must(t, backup.Follow(testContext(t), "node1"))
	wantRows(t, backup, "row")
	upgraded := func(c *control.Controller) {
		for i, name := range []string{"ovn-nb.ovsschema", "ovn-sb.ovsschema"} {
			c.Units[i].Files.Schema = filepath.Join("/usr/share/ovn", name)
		}
		must(t, c.PublishSchemas(testContext(t)))
	}
	convert := func() string {
		waits, err := active.UpgradeSchemas(testContext(t))
		must(t, err)
		return strings.Join(slices.Compact(waits), " ")
	}
	if waits := convert(); waits != "" {
		t.Errorf("waits for %s", waits)
	}
	must(t, backup.Stop(testContext(t)))
	upgraded(backup)
	must(t, backup.Start(testContext(t)))
	must(t, backup.Follow(testContext(t), "node1"))
	if v := versionOf(t, backup); v != olderNB {
		t.Errorf("the restarted backup has %s", v)
	}
	if convert(); versionOf(t, active) != olderNB {
		t.Fatal("converted to an older schema than a node has")
	}
	// The active's package is newer, and the instance not restarted: what it has published counts.
	must(t, active.Demote(testContext(t)))
	must(t, backup.Promote(testContext(t), replication.Participants{}))
	must(t, active.Follow(testContext(t), "node2"))
	active, backup = backup, active
	if waits := convert(); waits != "node1" || versionOf(t, active) != olderNB {
		t.Fatalf("waits for %q, has %s", waits, versionOf(t, active))
	}
	upgraded(backup)
	if waits := convert(); waits != "" || versionOf(t, active) == olderNB {
		t.Fatalf("waits for %q, has %s", waits, versionOf(t, active))
	}
	insert(t, active, "later")
	eventually(t, "the backup to meet the new schema", func() bool { return status(t, backup.Units[0]).Role == ovsdbctl.RoleActive })
	must(t, backup.Follow(testContext(t), "node2"))
	wantRows(t, backup, "later", "row")
	if versionOf(t, backup) != versionOf(t, active) {
		t.Error("the backup keeps the older schema")
	}
	if kept := snapshots(t, active); !slices.Equal(kept["upgrade"], []string{"row"}) {
		t.Errorf("snapshots have %v", kept)
	}
	must(t, active.Demote(testContext(t)))
	must(t, backup.Promote(testContext(t), replication.Participants{}))
	if got := rows(t, backup); !slices.Equal(got, []string{"later", "row"}) {
		t.Errorf("after the next move: %v", got)
	}
}
