package control_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// upgradePair is two nodes of which the first leads.
func upgradePair(t *testing.T, older ...int) (active, backup *control.Controller, nodes []*control.Controller) {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	active = controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	backup = controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	nodes = []*control.Controller{active, backup}
	for _, i := range older {
		controltest.UseOlderSchemas(t, nodes[i])
	}
	for _, node := range nodes {
		must(t, node.Start(testContext(t)))
		must(t, node.PublishSchemas(testContext(t), nil))
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
			if controltest.SchemaVersion(t, active.Units[0]) == controltest.SchemaVersion(t, backup.Units[0]) {
				t.Fatal("both have one schema")
			}
			must(t, backup.Follow(testContext(t), "node1"))
			wantRows(t, backup, "row")
			if a, b := controltest.SchemaVersion(t, active.Units[0]), controltest.SchemaVersion(t, backup.Units[0]); a != b {
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
		controltest.UseInstalledSchemas(t, c)
		must(t, c.PublishSchemas(testContext(t), nil))
	}
	convert := func() string {
		plan, err := active.PlanUpgrade(testContext(t))
		must(t, err)
		must(t, active.UpgradeSchemas(testContext(t), plan))
		return strings.Join(plan.Waits(), " ")
	}
	if waits := convert(); waits != "" {
		t.Errorf("waits for %s", waits)
	}
	must(t, backup.Stop(testContext(t)))
	upgraded(backup)
	must(t, backup.Start(testContext(t)))
	must(t, backup.Follow(testContext(t), "node1"))
	if v := controltest.SchemaVersion(t, backup.Units[0]); v != controltest.OlderSchema {
		t.Errorf("the restarted backup has %s", v)
	}
	if convert(); controltest.SchemaVersion(t, active.Units[0]) != controltest.OlderSchema {
		t.Fatal("converted to an older schema than a node has")
	}
	// The active's package is newer, and the instance not restarted: the schema that it has published counts.
	must(t, active.Demote(testContext(t)))
	must(t, backup.Promote(testContext(t), replication.Participants{}))
	must(t, active.Follow(testContext(t), "node2"))
	active, backup = backup, active
	if waits := convert(); waits != "node1" || controltest.SchemaVersion(t, active.Units[0]) != controltest.OlderSchema {
		t.Fatalf("waits for %q, has %s", waits, controltest.SchemaVersion(t, active.Units[0]))
	}
	upgraded(backup)
	if waits := convert(); waits != "" || controltest.SchemaVersion(t, active.Units[0]) == controltest.OlderSchema {
		t.Fatalf("waits for %q, has %s", waits, controltest.SchemaVersion(t, active.Units[0]))
	}
	insert(t, active, "later")
	awaitMeeting(t, backup)
	must(t, backup.Follow(testContext(t), "node2"))
	wantRows(t, backup, "later", "row")
	if controltest.SchemaVersion(t, backup.Units[0]) != controltest.SchemaVersion(t, active.Units[0]) {
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

// From a leading node with a newer package, and one with an older that is stopped, and no member any more:
// the databases keep the older schema until that has the newer package as well.
func TestDatabasesAreNotConvertedWhileANodeOfAnOlderPackageIsStopped(t *testing.T) {
	t.Parallel()
	active, backup, _ := upgradePair(t, 0, 1)
	must(t, backup.Stop(testContext(t)))
	updateMembers(t, active, map[string]replication.Freshness{"node2": replication.FreshnessStale})
	controltest.UseInstalledSchemas(t, active)
	must(t, active.PublishSchemas(testContext(t), nil))
	convert := func() []string {
		plan, err := active.PlanUpgrade(testContext(t))
		must(t, err)
		must(t, active.UpgradeSchemas(testContext(t), plan))
		return plan.Waits()
	}
	if waits := convert(); !slices.Equal(waits, []string{"node2"}) || controltest.SchemaVersion(t, active.Units[0]) != controltest.OlderSchema {
		t.Fatalf("waits for %q, has %s", waits, controltest.SchemaVersion(t, active.Units[0]))
	}
	controltest.UseInstalledSchemas(t, backup)
	must(t, backup.Start(testContext(t)))
	must(t, backup.PublishSchemas(testContext(t), nil))
	if waits := convert(); waits != nil || controltest.SchemaVersion(t, active.Units[0]) == controltest.OlderSchema {
		t.Errorf("waits for %q, has %s", waits, controltest.SchemaVersion(t, active.Units[0]))
	}
}

// joined is a cluster in which a node of another agent, which publishes nothing, has a promotion score.
type joined struct{ control.Cluster }

func (joined) Scores(context.Context) (map[string]string, error) {
	return map[string]string{"node3": "5"}, nil
}

// From a leading node with a newer package, and a node of another agent: the databases are converted once
// that is gone. By two plans of the same moment they are converted once.
func TestDatabasesAreConvertedOnceAndNotWhileANodeOfAnotherAgentRunsTheResource(t *testing.T) {
	t.Parallel()
	active, _, nodes := upgradePair(t, 0, 1)
	for _, node := range nodes {
		controltest.UseInstalledSchemas(t, node)
		must(t, node.PublishSchemas(testContext(t), nil))
	}
	plan := func() control.UpgradePlan {
		planned, err := active.PlanUpgrade(testContext(t))
		must(t, err)
		return planned
	}
	first, second, whole := plan(), plan(), active.Cluster
	active.Cluster = joined{whole}
	must(t, active.UpgradeSchemas(testContext(t), first))
	if waits := plan().Waits(); !slices.Equal(waits, []string{"node3"}) || controltest.SchemaVersion(t, active.Units[0]) != controltest.OlderSchema {
		t.Fatalf("waits for %q, has %s", waits, controltest.SchemaVersion(t, active.Units[0]))
	}
	active.Cluster = whole
	must(t, active.UpgradeSchemas(testContext(t), first))
	if controltest.SchemaVersion(t, active.Units[0]) == controltest.OlderSchema {
		t.Error("not converted")
	}
	insert(t, active, "later")
	must(t, active.UpgradeSchemas(testContext(t), second))
	if kept := snapshots(t, active); !slices.Equal(kept["upgrade"], []string{"row"}) {
		t.Errorf("snapshots have %v", kept)
	}
}

// installNewer gives a node the newer package, which it has found.
func installNewer(t *testing.T, c *control.Controller) {
	t.Helper()
	controltest.UseInstalledSchemas(t, c)
	must(t, c.PublishSchemas(testContext(t), nil))
}

// convert converts the databases of a node as its supervisor does.
func convert(t *testing.T, c *control.Controller) error {
	t.Helper()
	plan, err := c.PlanUpgrade(testContext(t))
	must(t, err)
	return c.UpgradeSchemas(testContext(t), plan)
}

// unfittingSchema returns a northbound schema that has no place for the row of [upgradePair], with the same version.
func unfittingSchema(t *testing.T, installed string) string {
	t.Helper()
	var schema map[string]any
	text, err := os.ReadFile(installed)
	must(t, err)
	must(t, json.Unmarshal(text, &schema))
	tables, _ := schema["tables"].(map[string]any)
	table, _ := tables["Logical_Switch"].(map[string]any)
	columns, _ := table["columns"].(map[string]any)
	columns["name"] = map[string]any{"type": map[string]any{"key": map[string]any{"type": "string", "maxLength": 1}}}
	text, err = json.Marshal(schema)
	must(t, err)
	path := filepath.Join(t.TempDir(), "unfitting.ovsschema")
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

// From a conversion that a row does not fit: the server is not asked for it, of which it would die, and works
// on with all rows. It is not tried again in this term, so that its snapshots do not take the places of those
// of discarded rows. In the next term it is, and succeeds once all rows fit.
func TestConversionThatARowDoesNotFitIsRefusedOnceInATermAndHarmsNoServer(t *testing.T) {
	t.Parallel()
	active, backup, _ := upgradePair(t, 0, 1)
	installNewer(t, backup)
	installNewer(t, active)
	fitting := active.Units[0].Files.Schema
	active.Units[0].Files.Schema = unfittingSchema(t, fitting)
	servers := serverPIDs(t, active)
	err := convert(t, active)
	if err == nil || !strings.Contains(err.Error(), `"row" length 3 is greater than maximum allowed length 1`) || !active.UpgradeRefused() {
		t.Fatalf("converting returned %v, refused: %t", err, active.UpgradeRefused())
	}
	if now := serverPIDs(t, active); now != servers {
		t.Errorf("the servers were %s and are %s", servers, now)
	}
	wantRows(t, active, "row")
	must(t, active.Demote(testContext(t)))
	must(t, active.Promote(testContext(t), replication.Participants{}))
	if active.UpgradeRefused() {
		t.Error("a refusal of the term before counts")
	}
	active.Units[0].Files.Schema = fitting
	must(t, convert(t, active))
	if version := controltest.SchemaVersion(t, active.Units[0]); version == controltest.OlderSchema || active.UpgradeRefused() {
		t.Errorf("it has schema %s, refused: %t", version, active.UpgradeRefused())
	}
}

// From a backup with a row that does not fit the schema of its active: its server is not asked to take that,
// of which it would die, and the error says why.
func TestBackupWithARowThatDoesNotFitTheSchemaOfItsActiveLivesOn(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	active := controltest.NewNode(t, c, "node1", "127.0.0.1", ports)
	backup := controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	active.Units[0].Files.Schema = unfittingSchema(t, active.Units[0].Files.Schema)
	for _, node := range []*control.Controller{active, backup} {
		must(t, node.Start(testContext(t)))
	}
	must(t, active.Promote(testContext(t), replication.Participants{}))
	must(t, backup.Units[0].Server.Activate(testContext(t)))
	// The server dies of a row that fits.
	transact(t, backup, `["OVN_Northbound",{"op":"insert","table":"NB_Global","row":{}}]`)
	insert(t, backup, "long")
	servers := serverPIDs(t, backup)
	err := backup.Follow(testContext(t), active.Node)
	if err == nil || !strings.Contains(err.Error(), `"long" length 4 is greater than maximum allowed length 1`) {
		t.Errorf("following returned %v", err)
	}
	if now := serverPIDs(t, backup); now != servers {
		t.Errorf("the servers were %s and are %s", servers, now)
	}
	wantRows(t, backup, "long")
	// Its supervisor is told not to try again soon. A second attempt keeps no second snapshot.
	for range 2 {
		_, v := backup.Repair(testContext(t), replication.Verdict{Repairs: []replication.Repair{{Kind: replication.RepairFollow}}})
		if !v.Refused || len(v.RepairErrors) != 1 || !strings.Contains(v.RepairErrors[0], "cannot be converted") {
			t.Errorf("refused is %t: %q", v.Refused, v.RepairErrors)
		}
	}
	kept, err := backup.SnapshotDirectory().List()
	if must(t, err); len(kept) != 1 {
		t.Errorf("%d snapshots are kept: %+v", len(kept), kept)
	}
}
