package process_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
)

func TestMissingDatabaseIsCreatedOnce(t *testing.T) {
	t.Parallel()
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db"), Schema: olderSchema(t)}
	ensure(t, file, process.OutcomeCreated)
	if got := rows(t, file.Path); got != `[{"rows":[]}]` {
		t.Errorf("got %s", got)
	}
	info, err := os.Stat(file.Path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff([]string{".d.db.~lock~", "d.db"}, names(t, filepath.Dir(file.Path))); diff != "" {
		t.Error(diff)
	}
	unchanged(t, file.Path, func() { ensure(t, file, process.OutcomeCurrent) })
}

func TestOlderDatabaseIsUpgradedWithItsRows(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	before := content(t, file.Path)
	file.Schema = newerSchema(t)
	got := ensure(t, file, process.OutcomeUpgraded)
	if got.FileVersion != "1.9.0" || got.SchemaVersion != "1.10.0" {
		t.Errorf("got %+v", got)
	}
	if rows(t, file.Path) != keptRow {
		t.Errorf("got %s", rows(t, file.Path))
	}
	if !bytes.Equal(before, content(t, got.Backup)) {
		t.Error("the backup differs from the old file")
	}
	checksum, err := process.Run(testContext(t), "ovsdb-tool", "db-cksum", got.Backup)
	if err != nil {
		t.Fatal(err)
	}
	backup := "d.db.backup1.9.0-" + strings.Fields(checksum)[0]
	if diff := cmp.Diff([]string{".d.db.~lock~", "d.db", backup}, names(t, filepath.Dir(file.Path))); diff != "" {
		t.Error(diff)
	}
	ensure(t, file, process.OutcomeCurrent)
}

func TestOlderNorthboundDatabaseOfOVNIsUpgraded(t *testing.T) {
	t.Parallel()
	files := layoutIn(t.TempDir()).Northbound()
	var schema map[string]any
	if err := json.Unmarshal(content(t, files.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	schema["version"] = "0.0.1"
	tables, _ := schema["tables"].(map[string]any)
	delete(tables, "BFD")
	older, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "older")
	if err := os.WriteFile(path, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(older), `"refTable":"BFD"`) {
		older = bytes.ReplaceAll(older, []byte(`"refTable":"BFD"`), []byte(`"refTable":"Connection"`))
		if err := os.WriteFile(path, older, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ensure(t, process.DatabaseFile{Path: files.Database, Schema: path}, process.OutcomeCreated)
	ctx := testContext(t)
	if _, err := process.Run(ctx, "ovsdb-tool", "transact", files.Database, `["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"kept"}}]`); err != nil {
		t.Fatal(err)
	}
	ensure(t, process.DatabaseFile{Path: files.Database, Schema: files.Schema}, process.OutcomeUpgraded)
	got, err := process.Run(ctx, "ovsdb-tool", "query", files.Database, `["OVN_Northbound",{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}]`)
	if err != nil || strings.TrimSpace(got) != keptRow {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestFailedUpgradeLeavesTheDatabaseAndNamesTheCopy(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	file.Schema = shortenedSchema(t)
	var backups []string
	for range 2 { // the second time finds the copy of the first
		unchanged(t, file.Path, func() {
			got, err := file.Ensure(testContext(t))
			failure, ok := errors.AsType[*process.RunError](err)
			if !ok || failure.ExitCode != 1 || !strings.Contains(err.Error(), "length") {
				t.Fatalf("got %+v, %v", got, err)
			}
			if !strings.Contains(err.Error(), got.Backup) || !bytes.Equal(content(t, file.Path), content(t, got.Backup)) {
				t.Errorf("backup %q is not named in %q or differs", got.Backup, err)
			}
			backups = append(backups, got.Backup)
		})
	}
	if backups[0] != backups[1] {
		t.Errorf("got copies %v", backups)
	}
	want := []string{".d.db.~lock~", "d.db", filepath.Base(backups[0])}
	if diff := cmp.Diff(want, names(t, filepath.Dir(file.Path))); diff != "" {
		t.Error(diff)
	}
}

func TestEarlierBackupWithOtherContentIsNotOverwritten(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	file.Schema = shortenedSchema(t)
	first, err := file.Ensure(testContext(t))
	if err == nil {
		t.Fatal("converted")
	}
	if _, err := process.Run(testContext(t), "ovsdb-tool", "transact", file.Path, `["D",{"op":"insert","table":"T","row":{"name":"new"}}]`); err != nil {
		t.Fatal(err)
	}
	file.Schema = newerSchema(t)
	unchanged(t, first.Backup, func() {
		second := ensure(t, file, process.OutcomeUpgraded)
		if second.Backup != first.Backup+".1" {
			t.Errorf("got %s after %s", second.Backup, first.Backup)
		}
	})
}

func TestNewerOrOtherwiseDifferentDatabaseIsKept(t *testing.T) {
	t.Parallel()
	sameVersion := writeSchema(t, "D", "1.10.0", map[string]any{"name": map[string]any{"type": "string"}})
	for name, schema := range map[string]string{"older": olderSchema(t), "same version": sameVersion} {
		file := database(t, newerSchema(t))
		file.Schema = schema
		unchanged(t, file.Path, func() {
			if got := ensure(t, file, process.OutcomeKept); got.Backup != "" || got.FileVersion != "1.10.0" {
				t.Errorf("%s: got %+v", name, got)
			}
		})
	}
}
