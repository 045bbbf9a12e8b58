package process_test

import (
	"os"
	"path/filepath"
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

// A backup has to have the schema of its active, whatever package is installed: no file is
// converted before a server starts.
func TestDatabaseWithAnotherSchemaIsKept(t *testing.T) {
	t.Parallel()
	for name, schemas := range map[string][2]string{
		"older": {olderSchema(t), newerSchema(t)}, "newer": {newerSchema(t), olderSchema(t)},
	} {
		file := database(t, schemas[0])
		file.Schema = schemas[1]
		unchanged(t, file.Path, func() {
			if got := ensure(t, file, process.OutcomeKept); got.FileVersion == got.SchemaVersion || got.FileVersion == "" {
				t.Errorf("%s: got %+v", name, got)
			}
		})
	}
}
