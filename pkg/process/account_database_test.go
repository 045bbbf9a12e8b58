package process_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestDatabaseOfAnAccountIsCreatedAndReplacedAsThatAccount(t *testing.T) {
	t.Parallel()
	owner := account(t)
	older := olderSchema(t)
	readable(t, older)
	file := process.DatabaseFile{Path: filepath.Join(accountLayout(t, owner).DatabaseDir, "d.db"), Schema: older, Owner: owner}
	ensure(t, file, process.OutcomeCreated)
	ensure(t, file, process.OutcomeCurrent)
	source := database(t, older) // in a directory that is closed to the account
	file.Owner = process.Owner{} // not known: that of the directory
	if err := file.Replace(testContext(t), opened(t, source.Path), "D"); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, file.Path); got != keptRow {
		t.Errorf("got %s", got)
	}
	wantOwner(t, owner, filepath.Dir(file.Path))
	if left := names(t, filepath.Dir(file.Path)); len(left) != 2 {
		t.Errorf("left %v", left)
	}
}

// readable lets every account read a schema that a test has written.
func readable(t *testing.T, schema string) {
	t.Helper()
	for path := filepath.Dir(schema); path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(schema, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsOfTheAccountsWorkCanBeToldApart(t *testing.T) {
	t.Parallel()
	owner := account(t)
	layout := accountLayout(t, owner)
	file := process.DatabaseFile{Path: filepath.Join(layout.DatabaseDir, "d.db"), Schema: "/nonexistent/schema", Owner: owner}
	if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrSchemaMissing) || !strings.Contains(err.Error(), "/nonexistent/schema") {
		t.Errorf("got %v", err)
	}
	asAccount(t, owner, "touch", file.Path)
	if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	other := database(t, olderSchema(t))
	if err := file.Replace(testContext(t), opened(t, other.Path), "E"); !errors.Is(err, process.ErrWrongDatabase) {
		t.Errorf("got %v", err)
	}
	daemon, files := accountServer(t, owner)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	served := process.DatabaseFile{Path: files.Database, Schema: files.Schema, Owner: owner}
	if err := served.Replace(testContext(t), opened(t, other.Path), "D"); !errors.Is(err, process.ErrInUse) {
		t.Errorf("got %v", err)
	}
}

// The names that root works on may lead, in a directory of the account, to files of root's.
func TestDatabaseThatLeadsToAFileOfRootsIsNotWorkedOn(t *testing.T) {
	t.Parallel()
	owner := account(t)
	for _, known := range []process.Owner{owner, {}} {
		path := filepath.Join(accountLayout(t, owner).DatabaseDir, "d.db")
		asAccount(t, owner, "ln", "-s", secret(t), path)
		file := process.DatabaseFile{Path: path, Schema: "/nonexistent", Owner: known}
		if err := file.Replace(testContext(t), opened(t, database(t, olderSchema(t)).Path), "D"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("replace says %v", err)
		}
		if known.Name == "" {
			continue // start knows it
		}
		if _, err := file.Ensure(testContext(t)); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("ensure says %v", err)
		}
	}
}

func TestReplaceOfAnUnknownOwnersDatabaseIsRefusedWhereOthersMayWriteToRootsDirectory(t *testing.T) {
	t.Parallel()
	account(t)
	source := database(t, olderSchema(t))
	for _, mode := range []os.FileMode{0o777, 0o775} {
		directory := openDirectory(t)
		if err := errors.Join(os.Chown(directory, 0, 64998), os.Chmod(directory, mode)); err != nil {
			t.Fatal(err)
		}
		file := process.DatabaseFile{Path: filepath.Join(directory, "d.db")}
		if err := file.Replace(testContext(t), opened(t, source.Path), "D"); !errors.Is(err, process.ErrDirectoryRefused) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}

func TestReplaceOfAnUnknownOwnersDatabaseIsDoneAsTheOwnerOfTheDirectoryWhateverIsInIt(t *testing.T) {
	t.Parallel()
	owner := account(t)
	file := process.DatabaseFile{Path: filepath.Join(accountLayout(t, owner).DatabaseDir, "d.db")}
	if err := errors.Join(os.WriteFile(file.Path, nil, 0o600), os.Chown(file.Path, 64997, 64997)); err != nil {
		t.Fatal(err)
	}
	if err := file.Replace(testContext(t), opened(t, database(t, olderSchema(t)).Path), "D"); err != nil {
		t.Fatal(err)
	}
	wantOwner(t, owner, file.Path)
}
