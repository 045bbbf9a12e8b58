package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestServiceOfAProcessThatWasMovedIntoOne(t *testing.T) {
	t.Parallel()
	group := serviceGroup(t)
	pid := stranger(t).Process.Pid
	before, err := process.Service(pid)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(group)
	if before == name {
		t.Fatalf("it is in %s already", name)
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := process.Service(pid); err != nil || got != name {
		t.Errorf("got %q, %v; want %s", got, err, name)
	}
}

func TestServiceOfNoProcessIsAnError(t *testing.T) {
	t.Parallel()
	if got, err := process.Service(1 << 30); err == nil {
		t.Errorf("got %q", got)
	}
}

// serviceGroup makes a control group that is called like a service, in the hierarchy
// that systemd would use. It is removed once the processes are gone that were started
// after it.
func serviceGroup(t *testing.T) string {
	t.Helper()
	parent := "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(parent, "systemd")); err == nil {
		parent = filepath.Join(parent, "systemd")
	}
	group := filepath.Join(parent, fmt.Sprintf("ovn-test-%d.service", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("control groups cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		eventually(t, "the group to be empty", func() bool { return os.Remove(group) == nil })
	})
	return group
}
