package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
)

// writeSchema writes a schema of one table with the given columns.
func writeSchema(t *testing.T, database, version string, columns map[string]any) string {
	t.Helper()
	content, err := json.Marshal(map[string]any{
		"name":    database,
		"version": version,
		"cksum":   "3141592 65",
		"tables":  map[string]any{"T": map[string]any{"columns": columns, "isRoot": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "schema")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func olderSchema(t *testing.T) string {
	t.Helper()
	return writeSchema(t, "D", "1.9.0", map[string]any{"name": map[string]any{"type": "string"}})
}

func newerSchema(t *testing.T) string {
	t.Helper()
	return writeSchema(t, "D", "1.10.0", map[string]any{
		"name": map[string]any{"type": "string"},
		"more": map[string]any{"type": "integer"},
	})
}

// shortenedSchema cannot take the row that withRow writes.
func shortenedSchema(t *testing.T) string {
	t.Helper()
	return writeSchema(t, "D", "2.0.0", map[string]any{
		"name": map[string]any{"type": map[string]any{"key": map[string]any{"type": "string", "maxLength": 1}}},
	})
}

// database returns a database file of a schema, with one row.
func database(t *testing.T, schema string) process.DatabaseFile {
	t.Helper()
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db"), Schema: schema}
	ensure(t, file, process.OutcomeCreated)
	_, err := process.Run(testContext(t), "ovsdb-tool", "transact", file.Path, `["D",{"op":"insert","table":"T","row":{"name":"kept"}}]`)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func rows(t *testing.T, path string) string {
	t.Helper()
	got, err := process.Run(testContext(t), "ovsdb-tool", "query", path, `["D",{"op":"select","table":"T","where":[],"columns":["name"]}]`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

const keptRow = `[{"rows":[{"name":"kept"}]}]`

func ensure(t *testing.T, file process.DatabaseFile, want process.Outcome) process.Ensured {
	t.Helper()
	got, err := file.Ensure(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != want {
		t.Errorf("got %+v, want %s", got, want)
	}
	return got
}

// names lists a directory.
func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// unchanged runs a function and fails the test if it changes the file.
func unchanged(t *testing.T, path string, run func()) {
	t.Helper()
	before := content(t, path)
	run()
	if !bytes.Equal(before, content(t, path)) {
		t.Errorf("%s was changed", path)
	}
}

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

func TestDatabaseBelongsToItsOwner(t *testing.T) {
	t.Parallel()
	owner := nobody(t)
	for _, file := range []process.DatabaseFile{
		{Path: filepath.Join(t.TempDir(), "d.db"), Schema: newerSchema(t)}, // to be created
		database(t, newerSchema(t)),                                        // current, root's
		func() process.DatabaseFile { // to be upgraded
			file := database(t, olderSchema(t))
			file.Schema = newerSchema(t)
			return file
		}(),
	} {
		file.Owner = owner
		if _, err := file.Ensure(testContext(t)); err != nil {
			t.Fatal(err)
		}
		for _, name := range names(t, filepath.Dir(file.Path)) {
			info, err := os.Stat(filepath.Join(filepath.Dir(file.Path), name))
			if err != nil {
				t.Fatal(err)
			}
			if stat, _ := info.Sys().(*syscall.Stat_t); int(stat.Uid) != owner.UID || int(stat.Gid) != owner.GID {
				t.Errorf("%s belongs to %d:%d", name, stat.Uid, stat.Gid)
			}
		}
	}
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

func TestUnusableDatabaseIsReportedAndLeft(t *testing.T) {
	t.Parallel()
	whole := content(t, database(t, olderSchema(t)).Path)
	cluster := filepath.Join(t.TempDir(), "cluster")
	if _, err := process.Run(testContext(t), "ovsdb-tool", "create-cluster", cluster, olderSchema(t), "tcp:127.0.0.1:6643"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		content []byte
		want    error
		says    string
	}{
		"empty":              {nil, process.ErrDamaged, "cannot identify file type"},
		"garbage":            {[]byte("garbage\n"), process.ErrDamaged, "unexpected file format"},
		"zeros":              {make([]byte, 4096), process.ErrDamaged, "unexpected file format"},
		"truncated schema":   {whole[:100], process.ErrDamaged, "I/O error"},
		"truncated header":   {whole[:20], process.ErrDamaged, "unexpected file format"},
		"wrong checksum":     {bytes.Replace(whole, []byte("1.9.0"), []byte("1.8.0"), 1), process.ErrDamaged, "SHA-1"},
		"no schema":          {[]byte("OVSDB JSON 3 0473ae0d08e8f1cd41281ed40e3dcdc6093ce58e\n{}\n"), process.ErrDamaged, ""},
		"of a cluster":       {content(t, cluster), process.ErrClustered, ""},
		"of another program": {[]byte("SQLite format 3\x00"), process.ErrDamaged, ""},
	} {
		path := filepath.Join(t.TempDir(), "d.db")
		if err := os.WriteFile(path, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		unchanged(t, path, func() {
			_, err := process.DatabaseFile{Path: path, Schema: newerSchema(t)}.Ensure(testContext(t))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: got %v", name, err)
			}
		})
	}
}

func TestDirectoryInTheDatabasesPlaceIsReported(t *testing.T) {
	t.Parallel()
	_, err := process.DatabaseFile{Path: t.TempDir(), Schema: olderSchema(t)}.Ensure(testContext(t))
	if !errors.Is(err, process.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestFileOfAnotherDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	file.Schema = writeSchema(t, "E", "9.0.0", map[string]any{"name": map[string]any{"type": "string"}})
	unchanged(t, file.Path, func() {
		if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrWrongDatabase) {
			t.Errorf("got %v", err)
		}
	})
}

func TestMissingSchemaIsReportedWithAndWithoutDatabase(t *testing.T) {
	t.Parallel()
	existing := database(t, olderSchema(t))
	missing := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db")}
	for _, file := range []process.DatabaseFile{existing, missing} {
		file.Schema = filepath.Join(t.TempDir(), "absent.ovsschema")
		if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrSchemaMissing) || !strings.Contains(err.Error(), file.Schema) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := os.Stat(missing.Path); err == nil {
		t.Error("created a database")
	}
}

func TestBrokenSchemaCreatesNothing(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	schema := filepath.Join(t.TempDir(), "schema")
	if err := os.WriteFile(schema, []byte(`{"name":"D","version":"1.0.0","tables":{"T":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := process.DatabaseFile{Path: filepath.Join(directory, "d.db"), Schema: schema}.Ensure(testContext(t))
	if _, ok := errors.AsType[*process.RunError](err); !ok {
		t.Errorf("got %v", err)
	}
	if left := names(t, directory); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestDatabaseOfARunningServerIsNotConverted(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	file := process.DatabaseFile{Path: files.Database, Schema: files.Schema}
	ensure(t, file, process.OutcomeCurrent)
	file.Schema = writeSchema(t, "OVN_Northbound", "99.0.0", map[string]any{"name": map[string]any{"type": "string"}})
	unchanged(t, file.Path, func() {
		if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrInUse) {
			t.Errorf("got %v", err)
		}
	})
	ownerOf(t, daemon.Pidfile)
}

func TestLinkedDatabaseIsWorkedOnWhereItIs(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file.Path, link); err != nil {
		t.Fatal(err)
	}
	got := ensure(t, process.DatabaseFile{Path: link, Schema: newerSchema(t)}, process.OutcomeUpgraded)
	if filepath.Dir(got.Backup) != filepath.Dir(file.Path) || rows(t, file.Path) != keptRow {
		t.Errorf("got %+v", got)
	}
	if target, err := os.Readlink(link); err != nil || target != file.Path {
		t.Errorf("the link became %q, %v", target, err)
	}
	dangling := filepath.Join(t.TempDir(), "dangling.db")
	if err := os.Symlink("/nonexistent/d.db", dangling); err != nil {
		t.Fatal(err)
	}
	if got, err := (process.DatabaseFile{Path: dangling, Schema: olderSchema(t)}).Ensure(testContext(t)); err == nil {
		t.Errorf("got %+v", got)
	}
}

func TestWhatACrashLeftBehindIsCleared(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, leftover := range []string{".d.db.work-1/created", ".d.db.work-2/converted", ".e.db.work-1/created"} {
		path := filepath.Join(directory, leftover)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ensure(t, process.DatabaseFile{Path: filepath.Join(directory, "d.db"), Schema: olderSchema(t)}, process.OutcomeCreated)
	if diff := cmp.Diff([]string{".d.db.~lock~", ".e.db.work-1", "d.db"}, names(t, directory)); diff != "" {
		t.Error(diff)
	}
}

func TestEndedContextIsNoDamage(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := file.Ensure(ctx)
	if !errors.Is(err, context.Canceled) || errors.Is(err, process.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestConcurrentEnsuresCreateOneDatabase(t *testing.T) {
	t.Parallel()
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db"), Schema: olderSchema(t)}
	results := make(chan error)
	for range 4 {
		go func() { _, err := file.Ensure(testContext(t)); results <- err }()
	}
	succeeded := 0
	for range 4 {
		err := <-results
		if err == nil {
			succeeded++
		} else if !errors.Is(err, process.ErrInUse) && !errors.Is(err, os.ErrExist) {
			t.Error(err)
		}
	}
	if succeeded == 0 {
		t.Error("none succeeded")
	}
	ensure(t, file, process.OutcomeCurrent)
}

// TestDatabaseWithoutToolIsErrProgramMissing needs a system directory without
// ovsdb-tool, so it hides the real one in a mount namespace of its own.
func TestDatabaseWithoutToolIsErrProgramMissing(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("ovsdb-tool")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := process.Run(testContext(t), "unshare", "-m", "true"); err != nil {
		t.Skipf("no mount namespaces here: %v", err)
	}
	file := database(t, olderSchema(t))
	helped := helper(testContext(t), "ensure", file.Path, file.Schema)
	cmd := exec.CommandContext(testContext(t), "unshare", append([]string{
		"-m", "sh", "-c", `mount --bind /dev/null "$0" && exec "$@"`, tool,
	}, helped.Args...)...)
	cmd.Env = helped.Env
	output, err := cmd.CombinedOutput()
	if err != nil || string(output) != "program missing\n" {
		t.Errorf("got %q, %v", output, err)
	}
}

func TestAMissingSchemaIsReportedWithItsPackage(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := process.DatabaseFile{Path: filepath.Join(directory, "ovnnb_db.db"), Schema: filepath.Join(directory, "ovn-nb.ovsschema")}
	_, err := file.Ensure(testContext(t))
	if !errors.Is(err, process.ErrSchemaMissing) || !strings.Contains(err.Error(), file.Schema) || !strings.Contains(err.Error(), "ovn-central") {
		t.Errorf("error is %v, want ErrSchemaMissing with the schema's path and its package", err)
	}
}
