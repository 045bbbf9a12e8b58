package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// builtVariable names a program that was built from these sources, for a container without Go.
const builtVariable = "OVNDB_SERVERS_BIN"

// buildProgram puts the program into a directory: the one that was built already, else a build without the race
// detector, which takes memory of its own.
func buildProgram(t *testing.T, directory string) (binary string) {
	t.Helper()
	binary = filepath.Join(directory, "ovndb-servers")
	if built := os.Getenv(builtVariable); built != "" {
		program, err := os.ReadFile(built)
		if err == nil {
			err = os.WriteFile(binary, program, 0o755)
		}
		if err != nil {
			t.Fatalf("cannot copy the program: %v", err)
		}
		return binary
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v: %s", err, out)
	}
	return binary
}

// buildForAllUsers puts the program into a directory that all users may enter. It skips the test
// where no program can be run as another user.
func buildForAllUsers(t *testing.T) (binary string) {
	t.Helper()
	processtest.NeedRoot(t)
	directory, err := os.MkdirTemp("", "ovn") // whose parents all users may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return buildProgram(t, directory)
}
