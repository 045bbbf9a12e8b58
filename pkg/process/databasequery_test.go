package process_test

import (
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/process"
)

// The file is root's, and its directory closed to the account.
func TestDatabaseFileIsQueriedAsTheAccount(t *testing.T) {
	owner := account(t)
	path := filepath.Join(t.TempDir(), "db")
	if _, err := (process.DatabaseFile{Path: path, Schema: olderSchema(t)}).Ensure(testContext(t)); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if err := file.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	const transaction = `["D",{"op":"select","table":"T","where":[]}]`
	for range 2 { // each from the file's beginning
		if got, err := process.QueryDatabase(testContext(t), file, owner, transaction); err != nil || got != `[{"rows":[]}]` {
			t.Errorf("got %q, %v", got, err)
		}
	}
	tools := openDirectory(t)
	tool := "#!/bin/sh\necho $(id -u) $(id -G) secret=$SECRET\n"
	if err := os.WriteFile(filepath.Join(tools, process.ToolProgram), []byte(tool), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	t.Setenv("SECRET", "x")
	got, err := process.QueryDatabase(testContext(t), file, owner, transaction)
	if err != nil || got != "64999 64998 secret=" {
		t.Errorf("it worked as %q, %v", got, err)
	}
}
