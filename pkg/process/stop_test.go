package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
)

// clean fails the test if anything is left of a server.
func clean(t *testing.T, files process.ServerFiles) {
	t.Helper()
	if left := mentions(filepath.Dir(files.Pidfile)); len(left) > 0 {
		t.Errorf("left processes %v", left)
	}
	if _, err := os.Lstat(files.Pidfile); err == nil {
		t.Error("left its pidfile")
	}
}

func TestServerExitsWhenAskedAndStartsAgain(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	for range 2 {
		pid := ownerOf(t, daemon.Pidfile)
		monitor := parent(t, pid)
		report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, exit(files))
		if err != nil || report.How != process.StopExit {
			t.Errorf("got %+v, %v", report, err)
		}
		if len(report.PIDs) != 2 || report.PIDs[0] != pid || report.PIDs[1] != monitor {
			t.Errorf("got processes %v, want %d and %d", report.PIDs, pid, monitor)
		}
		gone(t, pid, monitor)
		clean(t, files)
		if err := daemon.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKillLeavesNothingOfAServer(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	pid := ownerOf(t, daemon.Pidfile)
	monitor := parent(t, pid)
	for range 2 { // the second time there is none
		if err := process.Kill(testContext(t), daemon.Pidfile, daemon.Program); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, pid, monitor)
	clean(t, files)
}

func TestStopWithoutServerIsNotRunning(t *testing.T) {
	t.Parallel()
	daemon, files := newServer(t)
	other := stranger(t)
	for _, content := range []string{"", "garbage", strconv.Itoa(other.Process.Pid) + "\n"} {
		if err := os.WriteFile(files.Pidfile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		asked := false
		report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, func(context.Context) error { asked = true; return nil })
		if err != nil || report.How != process.StopNotRunning || len(report.PIDs) != 0 || asked {
			t.Errorf("%q: got %+v, %v, asked %t", content, report, err, asked)
		}
		clean(t, files)
	}
	if !alive(t, other) {
		t.Error("a stranger was signalled")
	}
	report, err := process.Stop(testContext(t), "/nonexistent/pid", "no-such-program", nil)
	if err != nil || report.How != process.StopNotRunning {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestStopSparesAnotherServer has a pidfile that names a live server, or its
// monitor, which belong to another pidfile.
func TestStopSparesAnotherServer(t *testing.T) {
	t.Parallel()
	for _, byOther := range []bool{false, true} {
		other, _ := newServer(t)
		start(t, other, byOther)
		pid := ownerOf(t, other.Pidfile)
		monitor := parent(t, pid)
		daemon, files := newServer(t)
		for _, number := range []int{pid, monitor} {
			if err := os.WriteFile(files.Pidfile, []byte(strconv.Itoa(number)+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, nil)
			if err != nil || report.How != process.StopNotRunning {
				t.Errorf("got %+v, %v", report, err)
			}
			if again := ownerOf(t, other.Pidfile); again != pid || parent(t, again) != monitor {
				t.Fatalf("process %d became %d, its monitor %d became %d", pid, again, monitor, parent(t, again))
			}
		}
	}
}

func TestServerThatRefusesToExitIsTerminated(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	deaf := func(context.Context) error { select {} }
	ignored := func(context.Context) error { return nil }
	for name, graceful := range map[string]func(context.Context) error{
		"hangs": hang, "hangs beyond its time": deaf, "does nothing": ignored, "none": nil,
		"fails": func(context.Context) error { return errors.New("refused") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			daemon, files := startServer(t)
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			report, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, graceful)
			if err != nil || report.How != process.StopTERM {
				t.Errorf("got %+v, %v", report, err)
			}
			gone(t, report.PIDs...)
			clean(t, files)
		})
	}
}

func TestStoppedServerIsKilledWithoutBeingAsked(t *testing.T) {
	t.Parallel()
	for _, monitorToo := range []bool{false, true} {
		daemon, files := startServer(t)
		pid := ownerOf(t, daemon.Pidfile)
		stopped := []int{pid}
		if monitorToo {
			stopped = append(stopped, parent(t, pid))
		}
		for _, member := range stopped {
			if err := unix.Kill(member, unix.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "stopped", func() bool { a, err := process.Inspect(member); return err == nil && a.Stopped })
		}
		asked := false
		report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, func(context.Context) error { asked = true; return nil })
		if err != nil || report.How != process.StopKILL || len(report.PIDs) != 2 || asked {
			t.Errorf("got %+v, %v, asked %t", report, err, asked)
		}
		gone(t, report.PIDs...)
		clean(t, files)
		if err := daemon.Start(testContext(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestServerWhoseMonitorIsStoppedLeavesNoMonitor(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	monitor := parent(t, ownerOf(t, daemon.Pidfile))
	if err := unix.Kill(monitor, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	report, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, exit(files))
	if err != nil || report.How != process.StopKILL {
		t.Errorf("got %+v, %v", report, err)
	}
	gone(t, report.PIDs...)
	clean(t, files)
}

// TestMonitorAboutToRestartACrashedServerIsStopped crashes a server twice:
// before the second restart, its monitor waits for ten seconds.
func TestMonitorAboutToRestartACrashedServerIsStopped(t *testing.T) {
	t.Parallel()
	for _, byTitle := range []bool{false, true} {
		daemon, files := newServer(t)
		start(t, daemon, byTitle)
		first := ownerOf(t, daemon.Pidfile)
		monitor := parent(t, first)
		if err := unix.Kill(first, unix.SIGSEGV); err != nil {
			t.Fatal(err)
		}
		second := 0
		eventually(t, "restarted", func() bool {
			pid, err := daemon.Pidfile.Owner()
			second = pid
			return err == nil && pid != first
		})
		// A server that is still starting would be restarted at once.
		eventually(t, "it answers", func() bool {
			return unixctl(testContext(t), files.ControlSocket, "version") == nil
		})
		if err := unix.Kill(second, unix.SIGSEGV); err != nil {
			t.Fatal(err)
		}
		eventually(t, "crashed again", func() bool {
			_, err := daemon.Pidfile.Owner()
			return errors.Is(err, process.ErrNotRunning)
		})
		report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, exit(files))
		if err != nil || report.How != process.StopKILL || len(report.PIDs) == 0 || report.PIDs[0] != monitor {
			t.Errorf("by title %t: got %+v, %v, want %d", byTitle, report, err, monitor)
		}
		gone(t, monitor)
		clean(t, files)
	}
}

// start starts a server, or has another program start it, so that nothing but
// the title of its monitor tells what it is.
func start(t *testing.T, daemon process.Daemon, byOther bool) {
	t.Helper()
	var err error
	if byOther {
		_, err = process.Run(testContext(t), daemon.Program, daemon.Command()...)
	} else {
		err = daemon.Start(testContext(t))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHalfStartedServerOfAKilledCallerIsStopped has a caller that dies while
// the server starts.
func TestHalfStartedServerOfAKilledCallerIsStopped(t *testing.T) {
	t.Parallel()
	daemon, files := hangingServer(t)
	cmd := helper(testContext(t), "start", filepath.Dir(files.Pidfile), "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the worker runs", func() bool { _, err := daemon.Pidfile.Owner(); return err == nil })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	report, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, nil)
	if err != nil || len(report.PIDs) != 3 {
		t.Errorf("got %+v, %v", report, err)
	}
	gone(t, report.PIDs...)
	clean(t, files)
}

func TestStopWithEndedContextSignalsNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	daemon, _ := startServer(t)
	pid := ownerOf(t, daemon.Pidfile)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if again := ownerOf(t, daemon.Pidfile); again != pid {
		t.Errorf("process %d became %d", pid, again)
	}
}

func TestStaleFilesOfAKilledServerAreRemovedButNotThoseOfALiveOne(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	all := []string{files.Pidfile, files.ControlSocket, files.DataSocket}
	present := func() (count int) {
		for _, path := range all {
			if _, err := os.Lstat(path); err == nil {
				count++
			}
		}
		return count
	}
	if err := files.RemoveStale(); err != nil || present() != 3 {
		t.Fatalf("left %d files of a live server, %v", present(), err)
	}
	pid := ownerOf(t, daemon.Pidfile)
	monitor := parent(t, pid)
	if err := kill(pid); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, monitor)
	if present() != 3 {
		t.Fatalf("a killed server left %d files", present())
	}
	if err := files.RemoveStale(); err != nil || present() != 0 {
		t.Errorf("left %d files, %v", present(), err)
	}
}
