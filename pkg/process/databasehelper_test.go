package process_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// opened is a file that is open while the test runs.
func opened(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // only read
	return file
}
