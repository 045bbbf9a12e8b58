package snapshot_test

import (
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/snapshot"
)

// place is where a test has its database file and snapshots.
type place struct {
	snapshot.Directory

	t                      *testing.T
	state, databases, file string
}

// newPlace returns a place without snapshots, whose database file has the given content.
func newPlace(t *testing.T, content string) place {
	t.Helper()
	directory := t.TempDir()
	p := place{t: t, state: filepath.Join(directory, "state"), databases: filepath.Join(directory, "databases")}
	p.file = filepath.Join(p.databases, "nb.db")
	p.Directory = snapshot.In(p.state, p.databases)
	makeDirectory(t, p.databases)
	p.write(content)
	return p
}

func makeDirectory(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// write changes the content of the database file.
func (p place) write(content string) {
	p.t.Helper()
	writeFile(p.t, p.file, content)
}

// take keeps a snapshot of the database file, which must not be there yet.
func (p place) take(database, why string) snapshot.Info {
	p.t.Helper()
	info, existed := p.takeOrFind(database, why)
	if existed {
		p.t.Fatalf("%v was there already", info)
	}
	return info
}

func (p place) takeOrFind(database, why string) (info snapshot.Info, existed bool) {
	p.t.Helper()
	info, existed, err := p.Take(p.t.Context(), p.info(database, why))
	if err != nil {
		p.t.Fatal(err)
	}
	return info, existed
}

func (p place) info(database, why string) snapshot.Info {
	return snapshot.Info{Database: database, File: p.file, Why: why, Reason: "a test of " + why, Position: "term 3 beat 7+2"}
}

func (p place) list() []snapshot.Info {
	p.t.Helper()
	all, err := p.List()
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func (p place) prune(database string, keep int) {
	p.t.Helper()
	if err := p.Prune(database, keep); err != nil {
		p.t.Fatal(err)
	}
}

// kept is the directory of the snapshots, earlier that of earlier versions.
func (p place) kept() string { return filepath.Join(p.state, snapshot.DirectoryName) }

func (p place) earlier() string { return filepath.Join(p.databases, snapshot.EarlierDirectoryName) }

// left returns the names of the files in the directory of the snapshots.
func (p place) left() []string {
	p.t.Helper()
	entries, err := os.ReadDir(p.kept())
	if err != nil {
		p.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func namesOf(all []snapshot.Info) []string {
	names := []string{}
	for _, info := range all {
		names = append(names, info.Name)
	}
	return names
}
