package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// lockingProgram is a program of the given name that holds a write lock on a file, and says so when
// it does. It ends with the test.
func lockingProgram(t *testing.T, name, path string, uid uint32) int {
	t.Helper()
	link := filepath.Join(filepath.Dir(path), name)
	if err := os.Symlink(ownProgram, link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), link, path)
	cmd.Env = []string{"PROCESS_TEST_HELPER=hold"} // see TestMain
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	processtest.StartHolder(t, cmd)
	pid := cmd.Process.Pid
	if err := os.WriteFile(path, []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return pid
}

// pidfileOf makes an empty file of an account, which every account can write to.
func pidfileOf(t *testing.T, account int) string {
	t.Helper()
	directory := t.TempDir()
	for path := directory; path != os.TempDir(); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	pidfile := filepath.Join(directory, "pid")
	err := errors.Join(os.WriteFile(pidfile, nil, 0o666), os.Chmod(pidfile, 0o666), os.Chown(pidfile, account, account))
	if err != nil {
		t.Fatal(err)
	}
	return pidfile
}

func TestOnlyAProcessOfTheProgramAndOfTheFilesAccountIsSignalled(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	const account, other = 64999, 64997
	for _, test := range []struct {
		name    string
		process uint32 // its account
		file    int    // that of the file
		allowed bool
	}{
		{ServerProgram, account, account, true},
		{ServerProgram, 0, account, true},
		{ServerProgram, other, account, false},
		{"ovs-vswitchd", 0, account, false},
		{"ovs-vswitchd", account, account, false},
	} {
		pidfile := pidfileOf(t, test.file)
		pid := lockingProgram(t, test.name, pidfile, test.process)
		report, err := Stop(t.Context(), Pidfile(pidfile), ServerProgram, nil)
		if test.allowed {
			if err != nil || report.How != StopTERM {
				t.Errorf("%+v: got %+v, %v", test, report, err)
			}
			continue
		}
		if err != nil || len(report.PIDs) > 0 || len(report.Warnings) != 1 || !errors.Is(report.Warnings[0], errStranger) {
			t.Errorf("%+v: got %+v, %v", test, report, err)
		}
		if stat, err := readStat(pid); err != nil || stat.state == "Z" {
			t.Errorf("%+v: it was signalled: %+v, %v", test, stat, err)
		}
	}
}

func TestAProcessThatDoesNotHaveTheLockedFileOpenIsNotSignalled(t *testing.T) {
	t.Parallel()
	_, opened := sleeper(t)
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := (holder{pid: opened.pid, file: info}).check(daemon{program: "sleep"}); !errors.Is(err, errStranger) {
		t.Errorf("got %v", err)
	}
}

// heldLock is a lock that a process holds.
type heldLock holder

func (l heldLock) holder() (holder, error) { return holder(l), nil }

func (l heldLock) ofAccount() bool { return false }

func (l heldLock) String() string { return "lock" }

func TestPeerOfASocketRunsTheProgramAsTheAccountOfTheLockedFile(t *testing.T) {
	t.Parallel()
	_, opened := sleeper(t)
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	held := heldLock{pid: opened.pid, file: info}
	if err := (daemon{program: "sleep", locks: []lock{held}}).checkPeer(opened.pid); err != nil {
		t.Error(err)
	}
	if err := (daemon{program: NorthdProgram, locks: []lock{held}}).checkPeer(opened.pid); !errors.Is(err, errStranger) {
		t.Errorf("got %v", err)
	}
}

// A process can pretend by its environment that it was started for a pidfile.
func TestAProcessOfAnotherAccountWasNotStartedForThePidfile(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	pidfile := pidfileOf(t, 64999)
	if err := os.Chown(filepath.Dir(pidfile), 64999, 64999); err != nil {
		t.Fatal(err)
	}
	for account, want := range map[uint32]bool{0: true, 64999: true, 64997: false} {
		cmd := exec.CommandContext(t.Context(), "sleep", "600")
		cmd.Env = []string{pidfileVariable + "=" + pidfile}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: account, Gid: account}}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has ended, and killed it
		awaitProgram(t, cmd.Process.Pid, "sleep")
		if got := pidfileDaemon(Pidfile(pidfile), "sleep").started(cmd.Process.Pid); got != want {
			t.Errorf("a process of user %d: %v, want %v", account, got, want)
		}
	}
}

func TestToolsCanGainNoPrivilegesWhateverTheirAccountAndThisProcessStillCan(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	for _, credential := range []*syscall.Credential{{Uid: 64999, Gid: 64998}, nil, {Uid: 64999, Gid: 64998}, nil} {
		run := command{program: "cat", args: []string{"/proc/self/status"}, variables: smallEnvironment(), credential: credential}
		if out, err := run.run(t.Context()); err != nil || !strings.Contains(out, "NoNewPrivs:\t1") {
			t.Errorf("it can gain privileges: %s, %v", out, err)
		}
		if out, err := exec.CommandContext(t.Context(), "cat", "/proc/self/status").Output(); err != nil || !strings.Contains(string(out), "NoNewPrivs:\t0") {
			t.Errorf("another program than of Run cannot: %s, %v", out, err)
		}
	}
}
