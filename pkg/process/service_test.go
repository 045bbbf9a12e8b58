package process_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestServiceOfAProcessThatWasMovedIntoOne(t *testing.T) {
	t.Parallel()
	pid := stranger(t).Process.Pid
	before, err := process.Service(pid)
	if err != nil {
		t.Fatal(err)
	}
	const name = "ovn-test-of-process.service"
	if before == name {
		t.Fatalf("it is in %s already", name)
	}
	intoService(t, pid, name)
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

// intoService moves a process into a control group that is called like a service,
// until the test ends, in the hierarchy that systemd would use.
func intoService(t *testing.T, pid int, service string) {
	t.Helper()
	parent := "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(parent, "systemd")); err == nil {
		parent = filepath.Join(parent, "systemd")
	}
	group := filepath.Join(parent, service)
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("control groups cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		eventually(t, "the group to be empty", func() bool { return os.Remove(group) == nil })
	})
	enter(t, group, pid)
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid))); err == nil {
			enter(t, parent, pid)
		}
	})
}

func enter(t *testing.T, group string, pid int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		t.Error(err)
	}
}
