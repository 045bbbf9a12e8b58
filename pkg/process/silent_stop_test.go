package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// endSilent ends a file system late in the test, which could not end before if it waited for that.
func endSilent(t *testing.T, s silent) {
	t.Helper()
	late := time.AfterFunc(22*time.Second, func() {
		t.Error("it waits for the account's file system")
		_ = unix.Kill(s.server, unix.SIGKILL)
	})
	t.Cleanup(func() { late.Stop() })
}

// stopBeside stops a server beside a file system of the account that answers nothing.
func stopBeside(t *testing.T, s silent, files process.ServerFiles) process.StopReport {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	endSilent(t, s)
	report, err := process.StopServer(ctx, files)
	if err != nil {
		t.Errorf("stop failed: %v", err)
	}
	return report
}

func TestLinkOfADatabaseIntoAFileSystemOfTheAccountIsNotFollowed(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	s := startSilent(t, owner, "sleep", "")
	asAccount(t, owner, "ln", "-sf", s.path, files.Database)
	report := stopBeside(t, s, files)
	gone(t, server)
	wantWarning(t, report, "symbolic links")
}

// Every action looks where the databases are.
func TestDirectoriesAreFoundBesideALinkIntoAFileSystemOfTheAccount(t *testing.T) {
	t.Parallel()
	owner := account(t)
	root := openDirectory(t)
	directory := filepath.Join(root, "var/lib/ovn")
	if err := errors.Join(os.MkdirAll(directory, 0o755), os.Chown(directory, owner.UID, owner.GID)); err != nil {
		t.Fatal(err)
	}
	s := startSilent(t, owner, "sleep", "")
	asAccount(t, owner, "ln", "-s", filepath.Dir(s.path), filepath.Join(directory, "ovnnb_db.db"))
	endSilent(t, s)
	layout, err := process.DiscoverLayoutIn(root, process.Layout{})
	if err != nil || layout.DatabaseDir != directory {
		t.Errorf("the directory is %q, %v", layout.DatabaseDir, err)
	}
}

func TestOpenFilesOfAProcessAreComparedWithoutAskingTheirFileSystems(t *testing.T) {
	t.Parallel()
	owner := account(t)
	files, server := runningAccountServer(t, owner)
	s := startSilent(t, owner, process.ServerProgram, placed(t, owner, databaseLockOf(files)))
	stopBeside(t, s, files)
	gone(t, server)
}

// The paths in a command line are those of the process, whose root may be a file system of its account, or
// of another user.
func TestPathsOfAProcessAreComparedWithoutAskingItsFileSystems(t *testing.T) {
	t.Parallel()
	owner := account(t)
	for _, own := range []process.Owner{owner, {UID: 64997, GID: 64997}} {
		for name, argument := range map[string]func(process.ServerFiles) string{
			"pidfile":             func(f process.ServerFiles) string { return "--pidfile=PLACE/directory/" + filepath.Base(f.Pidfile) },
			"pidfile at the root": func(f process.ServerFiles) string { return "--pidfile=PLACE/" + filepath.Base(f.Pidfile) },
			"database":            func(f process.ServerFiles) string { return "PLACE/directory/" + filepath.Base(f.Database) },
		} {
			t.Run(fmt.Sprint(own.UID, " ", name), func(t *testing.T) {
				t.Parallel()
				files, server := runningAccountServer(t, owner)
				s := startSilent(t, own, process.ServerProgram, "", argument(files))
				report := stopBeside(t, s, files)
				gone(t, server)
				if slices.Contains(report.PIDs, s.pid) {
					t.Errorf("stop says %+v, and process %d was started for other files", report, s.pid)
				}
			})
		}
	}
}

// mountFor mounts a file system that an account answers for over a directory of that, as fusermount does.
func mountFor(t *testing.T, owner process.Owner, directory string) {
	t.Helper()
	fd, err := unix.Open(fuseDevice(t), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	processtest.Mount(t, "fuse", directory, "fuse", fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, owner.UID, owner.GID))
}

// Root may not look into it.
func TestStopIsNotKeptByAFileSystemThatTheAccountHasMountedOverItsDirectories(t *testing.T) {
	t.Parallel()
	owner := account(t)
	for name, places := range map[string]func(process.ServerFiles) []string{
		"run":      func(f process.ServerFiles) []string { return []string{f.Pidfile} },
		"database": func(f process.ServerFiles) []string { return []string{f.Database} },
		"both":     func(f process.ServerFiles) []string { return []string{f.Pidfile, f.Database} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, server := runningAccountServer(t, owner)
			for _, place := range places(files) {
				mountFor(t, owner, filepath.Dir(place))
			}
			wantWarning(t, stopInTime(t, files), "permission denied")
			gone(t, server)
		})
	}
}

// keepsReaders reports whether a process has those wait who read its environment.
func keepsReaders(pid int) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	}()
	select {
	case <-done:
		return false
	case <-time.After(time.Second):
		return true
	}
}

// While it executes a program, whoever reads most of its files in /proc waits, in uninterruptible sleep.
func TestStopIsNotKeptByAProcessThatNeverGetsToExecuteAProgram(t *testing.T) {
	t.Parallel()
	for _, uid := range []int{64999, 64997} {
		for _, name := range []string{process.ServerProgram, "sleep"} {
			t.Run(fmt.Sprint(uid, " ", name), func(t *testing.T) {
				t.Parallel()
				files, server := runningAccountServer(t, account(t))
				s := startSilent(t, process.Owner{UID: uid, GID: uid}, name, "", "execute")
				eventually(t, "it waits", func() bool { return keepsReaders(s.pid) })
				stopBeside(t, s, files)
				gone(t, server)
			})
		}
	}
}
