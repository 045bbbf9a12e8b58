package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// buildForAllUsers builds the program into a directory that all users may enter. It skips the test
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
	binary = filepath.Join(directory, "ovndb-servers")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v: %s", err, out)
	}
	return binary
}

// asOrdinaryUser has a command run as a user who owns nothing.
func asOrdinaryUser(cmd *exec.Cmd) {
	const id = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	cmd.Dir = "/"
}
