package process_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// capabilitiesOf returns a set of /proc/PID/status.
func capabilitiesOf(t *testing.T, pid int, set string) uint64 {
	t.Helper()
	bits, err := strconv.ParseUint(field(t, pid, set), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return bits
}

func TestProgramInTheBackgroundHasTheCapabilitiesOfASupervisorAndNoOthers(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	own := capabilitiesOf(t, os.Getpid(), "CapBnd")
	pidfile := process.Pidfile(filepath.Join(t.TempDir(), "pid"))
	background := process.Background{Program: "/bin/sleep", Args: []string{"60"}, Pidfile: pidfile}
	if err := background.Start(); err != nil {
		t.Fatal(err)
	}
	pid := awaitProgram(t, "sleep", string(pidfile))
	needed := []int{
		unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_KILL, unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_SYS_PTRACE, unix.CAP_SYS_RESOURCE,
	}
	for _, set := range []string{"CapBnd", "CapPrm", "CapEff"} {
		got := capabilitiesOf(t, pid, set)
		for _, capability := range needed {
			if own&^got&(1<<capability) != 0 {
				t.Errorf("%s: it lacks capability %d", set, capability)
			}
		}
		for _, capability := range []int{unix.CAP_SYS_ADMIN, unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO, unix.CAP_NET_ADMIN, unix.CAP_MKNOD, unix.CAP_BPF} {
			if got&(1<<capability) != 0 {
				t.Errorf("%s: it has capability %d", set, capability)
			}
		}
	}
	if again := capabilitiesOf(t, os.Getpid(), "CapBnd"); again != own {
		t.Errorf("this process had %x, and has %x", own, again)
	}
}

// awaitProgram returns the process of a program that mentions a text, and ends it with the test.
func awaitProgram(t *testing.T, program, text string) (pid int) {
	t.Helper()
	eventually(t, program+" runs", func() bool {
		all := mentions(text)
		if len(all) == 1 && field(t, all[0], "Name") == program {
			pid = all[0]
		}
		return pid != 0
	})
	t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL) })
	return pid
}

func TestProcessThatRefusesCoreDumpsIsNotDumpable(t *testing.T) {
	t.Parallel()
	out, err := helper(testContext(t), "dumpable").Output()
	if err != nil || string(out) != "1 0\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestServerOfAProcessThatRefusesCoreDumpsHasTheSystemsLimitAndIsDumpable(t *testing.T) {
	t.Parallel()
	owner := account(t)
	directory := openDirectory(t)
	if err := os.Chown(directory, owner.UID, owner.GID); err != nil {
		t.Fatal(err)
	}
	files := northbound(directory).Files
	ensure(t, process.DatabaseFile{Path: files.Database, Schema: files.Schema, Owner: owner}, process.OutcomeCreated)
	endServer(t, files)
	if out, err := helper(testContext(t), "start as account, without core dumps", "64999:64998", directory).Output(); err != nil || string(out) != "<nil>\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	pid := serverOf(t, files)
	if got, want := coreLimit(t, pid), coreLimit(t, os.Getpid()); got != want {
		t.Errorf("its limit is %q, want %q", got, want)
	}
	// What is in /proc of a process that is not dumpable is root's (proc_pid(5)).
	wantOwner(t, owner, filepath.Join("/proc", strconv.Itoa(pid), "environ"))
}

// coreLimit returns the line about core files in /proc/PID/limits.
func coreLimit(t *testing.T, pid int) string {
	t.Helper()
	for line := range strings.Lines(string(content(t, filepath.Join("/proc", strconv.Itoa(pid), "limits")))) {
		if strings.HasPrefix(line, "Max core file size") {
			return line
		}
	}
	t.Fatalf("process %d has no limit of core files", pid)
	return ""
}
