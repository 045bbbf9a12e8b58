package process_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/process"
)

// program gives another name to a program that runs long.
func program(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(reachable(t), name)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sleep, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// startProgram starts a program until the test ends.
func startProgram(t *testing.T, path string, attributes *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(path, "1000")
	cmd.SysProcAttr = attributes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// find returns the numbers of the processes that run a program as root.
func find(t *testing.T, names ...string) []int {
	t.Helper()
	return findAs(t, "", names...)
}

// findAs returns also those that run it as another account.
func findAs(t *testing.T, account string, names ...string) []int {
	t.Helper()
	found, err := process.FindPrograms(account, names...)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, p := range found {
		pids = append(pids, p.PID())
		p.Close()
	}
	slices.Sort(pids)
	return pids
}

func TestProcessesOfAProgramAreFoundByItsNameHoweverLongUntilTheyEnd(t *testing.T) {
	t.Parallel()
	const name = "stack-test-daemon-with-a-long-name"
	if pids := find(t, name); len(pids) > 0 {
		t.Fatalf("found %v before any was started", pids)
	}
	path := program(t, name)
	first, second := startProgram(t, path, nil), startProgram(t, path, nil)
	want := []int{first.Process.Pid, second.Process.Pid}
	slices.Sort(want)
	if pids := find(t, "absent", name); !slices.Equal(pids, want) {
		t.Errorf("found %v, want %v", pids, want)
	}
	found, err := process.FindPrograms("", name)
	if err != nil || len(found) != 2 {
		t.Fatalf("found %v (%v)", found, err)
	}
	for _, p := range found {
		defer p.Close()
	}
	first = map[int]*exec.Cmd{first.Process.Pid: first, second.Process.Pid: second}[found[0].PID()]
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := found[0].Wait(ctx); err != nil {
		t.Error(err)
	}
	if pids := find(t, name); !slices.Equal(pids, []int{found[1].PID()}) { // the first is not yet collected
		t.Errorf("found %v, want %v", pids, found[1].PID())
	}
}

func TestProcessOfAnotherAccountThatHasTakenTheNameIsFoundOnlyIfThatAccountIsNamed(t *testing.T) {
	t.Parallel()
	owner := needAccount(t)
	const name = "stack-test-fake"
	cmd := startProgram(t, program(t, name), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}})
	for _, account := range []string{"", "no-such-account"} {
		if pids := findAs(t, account, name); len(pids) > 0 {
			t.Errorf("account %q: found %v", account, pids)
		}
	}
	if pids := findAs(t, owner.Name, name); !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("account %q: found %v, want %d", owner.Name, pids, cmd.Process.Pid)
	}
}

func TestProcessOfAContainerIsNotFound(t *testing.T) {
	t.Parallel()
	needAccount(t)
	const name = "stack-test-cont"
	startProgram(t, program(t, name), &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID})
	if pids := find(t, name); len(pids) > 0 {
		t.Errorf("found %v", pids)
	}
}
