package process_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// The account that the servers run as owns their directories: it may put anything into the place of
// their files. None of that keeps a server from being ended, or makes stop fail.

// locksAs runs a program of a name, as a user, that locks a file until the test ends.
func locksAs(t *testing.T, name string, uid uint32, mode, path string) *exec.Cmd {
	t.Helper()
	return locks(t, name, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}, mode, path)
}

func locks(t *testing.T, name string, attributes *syscall.SysProcAttr, mode, path string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(openDirectory(t), name)
	if err := os.Symlink("/proc/self/exe", program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, path)
	cmd.Env = []string{helperVariable + "=" + mode}
	cmd.SysProcAttr = attributes
	processtest.StartHolder(t, cmd)
	return cmd
}

// placed makes an empty file of the account that every account can write to, in the place of another.
func placed(t *testing.T, owner process.Owner, path string) string {
	t.Helper()
	asAccount(t, owner, "rm", "-f", path)
	asAccount(t, owner, "touch", path)
	asAccount(t, owner, "chmod", "666", path)
	return path
}

func databaseLockOf(files process.ServerFiles) string {
	return filepath.Join(filepath.Dir(files.Database), "."+filepath.Base(files.Database)+".~lock~")
}

// stopInTime stops a server within the time that a stop without a deadline has: half of it passes before
// another program that keeps the database locked is given up, and the rest is enough on a busy machine.
func stopInTime(t *testing.T, files process.ServerFiles) process.StopReport {
	t.Helper()
	report, err := process.StopServer(t.Context(), files)
	if err != nil {
		t.Errorf("stop failed: %v", err)
	}
	return report
}

func wantWarning(t *testing.T, report process.StopReport, text string) {
	t.Helper()
	if !slices.ContainsFunc(report.Warnings, func(err error) bool { return strings.Contains(err.Error(), text) }) {
		t.Errorf("warnings are %q, want %q", report.Warnings, text)
	}
}

// runningAccountServer returns the files and the process of a server of an account.
func runningAccountServer(t *testing.T, owner process.Owner) (process.ServerFiles, int) {
	t.Helper()
	daemon, files := accountServer(t, owner)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return files, serverOf(t, files)
}

func TestStopKillsAProgramOfTheAccountThatKeepsTheDatabaseLocked(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	other := locksAs(t, "sleep", uint32(owner.UID), "hold", placed(t, owner, databaseLockOf(files)))
	began := time.Now()
	report := stopInTime(t, files)
	gone(t, server, other.Process.Pid)
	wantWarning(t, report, "keeps it locked and is killed")
	if time.Since(began) < time.Second || !slices.Contains(report.PIDs, other.Process.Pid) {
		t.Errorf("it had %s, and stop says %+v", time.Since(began), report)
	}
}

func TestStopIsNotKeptByALockOfAnotherAccountsProcess(t *testing.T) {
	t.Parallel()
	owner := account(t)
	for _, test := range []struct {
		name    string
		program string
		uid     uint32
		mode    string
		warning string
	}{
		{"root's program", "passwd", 0, "hold", "of user 0, which is no ovsdb-server"},
		{"root's server", process.ServerProgram, 0, "hold", "was started for other files"},
		{"a third account's server", process.ServerProgram, 64997, "hold", "is of user 64997"},
		{"the account's, by an open file", "sleep", uint32(owner.UID), "hold open file", "an open file"},
	} {
		for name, place := range map[string]func(process.ServerFiles) string{
			"database": databaseLockOf, "pidfile": func(f process.ServerFiles) string { return f.Pidfile },
		} {
			warning := test.warning
			if name == "pidfile" && test.mode == "hold" { // whose process does not matter, as its number is not in it
				warning = "content and lock disagree"
			}
			t.Run(test.name+", "+name, func(t *testing.T) {
				t.Parallel()
				files, server := runningAccountServer(t, owner)
				path := placed(t, owner, place(files))
				other := locksAs(t, test.program, test.uid, test.mode, path)
				report := stopInTime(t, files)
				gone(t, server)
				wantWarning(t, report, warning)
				if !alive(t, other) {
					t.Errorf("it is killed: stop says %+v", report)
				}
			})
		}
	}
}

func TestStopIsNotKeptByWhatLiesInThePlaceOfItsFiles(t *testing.T) {
	t.Parallel()
	owner := account(t)
	kinds := map[string]func(path string){
		"a link":      func(path string) { asAccount(t, owner, "ln", "-s", "/etc/hostname", path) },
		"a loop":      func(path string) { asAccount(t, owner, "ln", "-s", path, path) },
		"a directory": func(path string) { asAccount(t, owner, "mkdir", path) },
		"a FIFO":      func(path string) { asAccount(t, owner, "mkfifo", path) },
		"below a file": func(path string) {
			asAccount(t, owner, "ln", "-s", "/etc/hostname/x", path)
		},
		"a socket": func(path string) {
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd) //nolint:errcheck // nothing was written
			if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
				t.Fatal(err)
			}
		},
	}
	for kind, place := range kinds {
		files, server := runningAccountServer(t, owner)
		for _, path := range []string{files.Pidfile, files.Database, databaseLockOf(files)} {
			asAccount(t, owner, "rm", path)
			place(path)
		}
		stopInTime(t, files)
		if !hasEnded(server) {
			t.Errorf("%s: the server is alive", kind)
			_ = unix.Kill(server, unix.SIGKILL)
		}
		for _, path := range []string{files.Pidfile, files.Database, databaseLockOf(files)} {
			asAccount(t, owner, "rm", "-rf", path)
		}
	}
}

// Neither its environment names a pidfile, as it was not started by the agent, nor are its files in
// their places.
func TestStopFindsAServerByItsCommandLine(t *testing.T) {
	t.Parallel()
	owner := account(t)
	daemon, files := accountServer(t, owner)
	asAccount(t, owner, "ovsdb-server", daemon.Command()...)
	server := serverOf(t, files)
	asAccount(t, owner, "rm", files.Pidfile, databaseLockOf(files))
	if report := stopInTime(t, files); !slices.Equal(report.PIDs, []int{server}) {
		t.Errorf("stop says %+v, want process %d", report, server)
	}
	gone(t, server)
}

// The databases of another server may lie in the same directory.
func TestStopSparesARootServerWhoseFilesTheAccountHasMovedIntoPlace(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files := accountLayout(t, owner).Northbound()
	others := files
	others.Database = filepath.Join(filepath.Dir(files.Database), "ovn_ic_nb_db.db")
	others.Pidfile = filepath.Join(filepath.Dir(files.Pidfile), "ovn_ic_nb_db.pid")
	ensure(t, process.DatabaseFile{Path: others.Database, Schema: files.Schema, Owner: owner}, process.OutcomeCreated)
	out, err := exec.CommandContext(testContext(t), "ovsdb-server", "--detach", "--no-chdir", "-vconsole:off", "--pidfile="+others.Pidfile,
		"--unixctl="+files.ControlSocket, others.Database).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	endServer(t, others)
	server := serverOf(t, others)
	for from, to := range map[string]string{
		others.Pidfile: files.Pidfile, others.Database: files.Database, databaseLockOf(others): databaseLockOf(files),
	} {
		asAccount(t, owner, "mv", from, to)
	}
	if pid, err := files.Owner(); err == nil {
		t.Errorf("process %d counts as the server", pid)
	}
	if err := files.CheckPeer(server); err == nil {
		t.Error("it counts as the peer")
	}
	report := stopInTime(t, files)
	wantWarning(t, report, "was started for other files")
	if hasEnded(server) || len(report.PIDs) > 0 {
		t.Errorf("stop says %+v", report)
	}
}

func TestPidfileOfAnotherDaemonDoesNotCountAsTheServer(t *testing.T) {
	t.Parallel()
	owner := account(t)
	daemon, files := accountServer(t, owner)
	other := locksAs(t, "ovn-controller", 0, "hold", placed(t, owner, files.Pidfile))
	if err := os.WriteFile(files.Pidfile, []byte(strconv.Itoa(other.Process.Pid)), 0); err != nil {
		t.Fatal(err)
	}
	if pid, err := files.Owner(); pid != 0 || err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("the server is process %d, %v", pid, err)
	}
	if err := daemon.Start(testContext(t)); err == nil || !strings.Contains(err.Error(), files.Pidfile) {
		t.Errorf("start says %v", err)
	}
}

func TestStopEndsWhileTheAccountStartsServersWithoutEnd(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	program := filepath.Join(openDirectory(t), process.ServerProgram)
	if err := os.Symlink("/bin/sleep", program); err != nil {
		t.Fatal(err)
	}
	loop := exec.CommandContext(t.Context(), "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do while :; do "+program+" 60; done & done; wait")
	loop.Env = []string{"PATH=/usr/bin:/bin", "OVNDB_SERVERS_PIDFILE=" + files.Pidfile}
	loop.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}}
	if err := loop.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(-loop.Process.Pid, unix.SIGKILL)
		_ = loop.Wait()
	})
	stopInTime(t, files)
	gone(t, server)
}

// A thread that has ended stays with its tracer, and its process with it, until the tracer collects it.
func TestStopIsNotKeptByAKilledServerWhoseThreadsAreTraced(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	traced := locksAs(t, process.ServerProgram, uint32(owner.UID), "hold", placed(t, owner, databaseLockOf(files)))
	locksAs(t, "tracer", uint32(owner.UID), "trace", strconv.Itoa(traced.Process.Pid))
	report := stopInTime(t, files)
	gone(t, server)
	if pid, err := files.Owner(); pid != 0 || !slices.Contains(report.PIDs, traced.Process.Pid) {
		t.Errorf("process %d, %v; stop says %+v", pid, err, report)
	}
}

// The first process of a PID namespace ends after all others there, and those after a process of another
// namespace has collected them that has started them. An account can do all that in a user namespace.
func TestStopIsNotKeptByAKilledServerThatWaitsForItsPIDNamespace(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	first := locks(t, process.ServerProgram, &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Credential: &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)},
	}, "hold", placed(t, owner, databaseLockOf(files)))
	started := filepath.Join(t.TempDir(), "started")
	parent := exec.CommandContext(t.Context(), "nsenter", "--target", strconv.Itoa(first.Process.Pid), "--pid", "--no-fork",
		"sh", "-c", "sleep 60 & echo > "+started+"; exec sleep 60")
	if err := parent.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { // before the first process is waited for
		_ = parent.Process.Kill()
		_ = parent.Wait()
	})
	eventually(t, "the child starts", func() bool { _, err := os.Stat(started); return err == nil })
	report := stopInTime(t, files)
	gone(t, server)
	if pid, err := files.Owner(); pid != 0 || !slices.Contains(report.PIDs, first.Process.Pid) {
		t.Errorf("process %d, %v; stop says %+v", pid, err, report)
	}
}
