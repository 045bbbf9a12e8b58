package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
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
		report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, exit(files))
		if err != nil || report.How != process.StopExit || !slices.Equal(report.PIDs, []int{pid}) {
			t.Errorf("got %+v, %v; want process %d", report, err, pid)
		}
		gone(t, pid)
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
	for range 2 { // the second time there is none
		if err := process.Kill(testContext(t), daemon.Pidfile, daemon.Program); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, pid)
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

// TestStopSparesAnotherServer has a pidfile that names a live server, which belongs to another
// pidfile.
func TestStopSparesAnotherServer(t *testing.T) {
	t.Parallel()
	other, _ := startServer(t)
	pid := ownerOf(t, other.Pidfile)
	daemon, files := newServer(t)
	if err := os.WriteFile(files.Pidfile, []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, nil)
	if err != nil || report.How != process.StopNotRunning {
		t.Errorf("got %+v, %v", report, err)
	}
	if again := ownerOf(t, other.Pidfile); again != pid {
		t.Fatalf("process %d became %d", pid, again)
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
	daemon, files := startServer(t)
	pid := ownerOf(t, daemon.Pidfile)
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stopped", func() bool { a, err := process.Inspect(pid); return err == nil && a.Stopped })
	asked := false
	report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, func(context.Context) error { asked = true; return nil })
	if err != nil || report.How != process.StopKILL || !slices.Equal(report.PIDs, []int{pid}) || asked {
		t.Errorf("got %+v, %v, asked %t", report, err, asked)
	}
	gone(t, pid)
	clean(t, files)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Error(err)
	}
}

// A server that its own monitor process restarted would be active again, and ask no other node.
func TestServerThatCrashesIsNotRestarted(t *testing.T) {
	t.Parallel()
	for _, signal := range []unix.Signal{unix.SIGSEGV, unix.SIGABRT} {
		daemon, files := startServer(t)
		pid := ownerOf(t, daemon.Pidfile)
		if err := unix.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
		processtest.AwaitEnd(t, pid)
		if left := mentions(filepath.Dir(files.Pidfile)); len(left) > 0 {
			t.Errorf("after %s: processes %v", unix.SignalName(signal), left)
		}
	}
}

// TestHalfStartedServerOfAKilledCallerIsStopped has a caller that dies while
// the server starts, whose first process dies with it.
func TestHalfStartedServerOfAKilledCallerIsStopped(t *testing.T) {
	t.Parallel()
	daemon, files := hangingServer(t)
	cmd := helper(testContext(t), "start", filepath.Dir(files.Pidfile), "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server runs", func() bool { _, err := daemon.Pidfile.Owner(); return err == nil })
	pid := ownerOf(t, daemon.Pidfile)
	first := parent(t, pid)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	processtest.AwaitEnd(t, first)
	// It does not act on SIGTERM, which a server gets two seconds for and another daemon half of the time.
	report, err := process.StopServer(testContext(t), files)
	if err != nil || !slices.Equal(report.PIDs, []int{pid}) {
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
	if err := kill(pid); err != nil {
		t.Fatal(err)
	}
	processtest.AwaitEnd(t, pid)
	if present() != 3 {
		t.Fatalf("a killed server left %d files", present())
	}
	if err := files.RemoveStale(); err != nil || present() != 0 {
		t.Errorf("left %d files, %v", present(), err)
	}
}

func TestStopOwnEndsADaemonOfRootsAndLeavesThatOfAnotherAccountAlone(t *testing.T) {
	t.Parallel()
	daemon, _ := startServer(t)
	if report, err := process.StopOwn(testContext(t), daemon.Pidfile, daemon.Program); err != nil || len(report.PIDs) != 1 {
		t.Errorf("got %+v, %v for an own one", report, err)
	}
	files, server := runningAccountServer(t, account(t))
	report, err := process.StopOwn(testContext(t), process.Pidfile(files.Pidfile), process.ServerProgram)
	if err != nil || report.How != process.StopNotRunning {
		t.Errorf("got %+v, %v for that of another account", report, err)
	}
	if pid, err := files.Owner(); pid != server || err != nil {
		t.Errorf("process %d is %d, %v", server, pid, err)
	}
}
