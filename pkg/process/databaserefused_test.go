package process_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

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

func TestLinkedDatabaseIsWorkedOnWhereItIs(t *testing.T) {
	t.Parallel()
	file := database(t, olderSchema(t))
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file.Path, link); err != nil {
		t.Fatal(err)
	}
	ensure(t, process.DatabaseFile{Path: link, Schema: newerSchema(t)}, process.OutcomeKept)
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
		processtest.SkipWithoutRight(t, "no mount namespaces here: %v", err)
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
