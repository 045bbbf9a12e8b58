package process_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

func readPID(t *testing.T, path string) int {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(pid int) error { return unix.Kill(pid, unix.SIGKILL) }

// stranger starts a process that has nothing to do with a daemon.
func stranger(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// alive reports whether a child that was not waited for runs.
func alive(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	activity, err := process.Inspect(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return !activity.Zombie
}

func TestPidfileThatNobodyHoldsIsNotRunning(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":               "",
		"garbage":             "garbage\x00\xff",
		"a negative number":   "-1\n",
		"this process":        strconv.Itoa(os.Getpid()) + "\n",
		"a live stranger":     strconv.Itoa(stranger(t).Process.Pid) + "\n",
		"a too large number":  "99999999999999999999\n",
		"a process that died": "4194303\n",
	} {
		path := filepath.Join(t.TempDir(), "pid")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if pid, err := process.Pidfile(path).Owner(); !errors.Is(err, process.ErrNotRunning) || pid != 0 {
			t.Errorf("%s: got %d, %v", name, pid, err)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "absent"), "/nonexistent/directory/pid"} {
		if pid, err := process.Pidfile(path).Owner(); !errors.Is(err, process.ErrNotRunning) || pid != 0 {
			t.Errorf("%s: got %d, %v", path, pid, err)
		}
	}
}

// holder starts a process that holds a write lock on path.
func holder(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := helper(t.Context(), "hold", path)
	processtest.StartHolder(t, cmd)
	return cmd
}

func TestPidfileHeldByTheProcessItNamesIsRunning(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := holder(t, path)
	if err := os.WriteFile(path, []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, err := process.Pidfile(path).Owner(); err != nil || pid != cmd.Process.Pid {
		t.Errorf("got %d, %v", pid, err)
	}
}

func TestPidfileHeldByAnotherThanItNamesIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pid")
	named := stranger(t)
	if err := os.WriteFile(path, []byte(strconv.Itoa(named.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := holder(t, path)
	if pid, err := process.Pidfile(path).Owner(); err == nil || errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %d, %v", pid, err)
	}
	if _, err := process.Stop(testContext(t), process.Pidfile(path), "ovsdb-server", nil); err == nil {
		t.Error("stopped")
	}
	if !alive(t, cmd) || !alive(t, named) {
		t.Error("a process was signalled")
	}
}

func TestPidfileThatIsNoFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	fifo := filepath.Join(directory, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, err := process.Pidfile(fifo).Owner(); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %d, %v", pid, err)
	}
	link := filepath.Join(directory, "link")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	if pid, err := process.Pidfile(link).Owner(); err == nil {
		t.Errorf("followed a link to %d", pid)
	}
}
