package process_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// splitServer starts a server whose run directory is another one than that of its database.
func splitServer(t *testing.T) (process.Daemon, process.ServerFiles) {
	t.Helper()
	root := shortDirectory(t)
	layout := layoutIn(root)
	layout.RunDir = filepath.Join(root, "run")
	if err := os.Mkdir(layout.RunDir, 0o755); err != nil {
		t.Fatal(err)
	}
	files := layout.Northbound()
	ensure(t, process.DatabaseFile{Path: files.Database, Schema: files.Schema}, process.OutcomeCreated)
	options := northbound(root)
	options.Files = files
	daemon := process.OVSDBServer(options)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	endServer(t, files)
	return daemon, files
}

// endServer ends the server of a database when the test does.
func endServer(t *testing.T, files process.ServerFiles) {
	t.Helper()
	t.Cleanup(func() {
		if _, err := process.StopServer(context.Background(), files); err != nil {
			t.Error(err)
		}
	})
}

func serverOf(t *testing.T, files process.ServerFiles) int {
	t.Helper()
	pid, err := files.Owner()
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestServerWhoseRunDirectoryIsGoneIsFoundAndStopped(t *testing.T) {
	t.Parallel()
	daemon, files := splitServer(t)
	pid := ownerOf(t, daemon.Pidfile)
	if err := os.RemoveAll(filepath.Dir(files.Pidfile)); err != nil {
		t.Fatal(err)
	}
	if got := serverOf(t, files); got != pid {
		t.Errorf("the server is process %d, want %d", got, pid)
	}
	if opened, err := files.Open(); err != nil || opened.PID() != pid {
		t.Errorf("got %v, %v", opened, err)
	} else {
		opened.Close()
	}
	report, err := process.StopServer(testContext(t), files)
	if err != nil || !slices.Equal(report.PIDs, []int{pid}) {
		t.Errorf("got %+v, %v", report, err)
	}
	gone(t, pid)
	if pid, err := files.Owner(); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %d, %v", pid, err)
	}
}

func TestServerThatOnlyHoldsItsPidfileIsFoundAndStopped(t *testing.T) {
	t.Parallel()
	daemon, files := hangingServer(t)
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	go func() { _ = daemon.Start(ctx) }() // ends with ctx
	eventually(t, "the server runs", func() bool { _, err := files.Owner(); return err == nil })
	pid := serverOf(t, files)
	if report, err := process.StopServer(testContext(t), files); err != nil || !slices.Contains(report.PIDs, pid) {
		t.Errorf("got %+v, %v", report, err)
	}
	gone(t, pid)
}

func TestServerKeepsTheDatabaseLockWhileItCompactsAndConverts(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	pid := ownerOf(t, daemon.Pidfile)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10 {
			if err := unixctl(testContext(t), files.ControlSocket, "ovsdb-server/disconnect-active-ovsdb-server"); err != nil {
				t.Error(err)
			}
			if err := unixctl(testContext(t), files.ControlSocket, "ovsdb-server/compact"); err != nil {
				t.Error(err)
			}
		}
		newer := strings.Replace(string(content(t, files.Schema)), `"version": "`, `"version": "9`, 1)
		path := filepath.Join(t.TempDir(), "schema")
		if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
			t.Error(err)
		}
		if _, err := process.Run(testContext(t), "ovsdb-client", "convert", "unix:"+files.DataSocket, path); err != nil {
			t.Error(err)
		}
	}()
	files.Pidfile = filepath.Join(t.TempDir(), "absent")
	for looked := 0; ; looked++ {
		if got, err := files.Owner(); err != nil || got != pid {
			t.Fatalf("after %d looks: got %d, %v", looked, got, err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// lockDatabaseFile has another program hold the lock of a database, as ovsdb-tool does.
func lockDatabaseFile(t *testing.T, files process.ServerFiles) *exec.Cmd {
	t.Helper()
	path := filepath.Join(filepath.Dir(files.Database), "."+filepath.Base(files.Database)+".~lock~")
	return holder(t, path)
}

func TestDatabaseThatIsWorkedOnMustBeTakenForServed(t *testing.T) {
	t.Parallel()
	_, files := newServer(t)
	cmd := lockDatabaseFile(t, files)
	if pid, err := files.Owner(); !errors.Is(err, process.ErrInUse) || errors.Is(err, process.ErrNotRunning) || !strings.Contains(err.Error(), files.Database) {
		t.Errorf("got %d, %v", pid, err)
	}
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if _, err := process.StopServer(ctx, files); !errors.Is(err, process.ErrInUse) {
		t.Errorf("got %v", err)
	}
	stopped := make(chan error, 1)
	go func() {
		_, err := process.StopServer(testContext(t), files)
		stopped <- err
	}()
	if !alive(t, cmd) {
		t.Error("it was signalled")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("after its end: %v", err)
	}
}

// inPIDNamespace runs a program in a PID namespace of its own, in which it has the number 1.
func inPIDNamespace(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := process.Run(testContext(t), "unshare", "--pid", "--fork", "true"); err != nil {
		processtest.SkipWithoutRight(t, "no PID namespaces here: %v", err)
	}
	return exec.CommandContext(testContext(t), "unshare", append([]string{"--pid", "--fork", "--kill-child", "--mount-proc"}, args...)...)
}

func TestServerOfAPIDNamespaceBelowIsFoundByLockAndPidfileAndStopped(t *testing.T) {
	t.Parallel()
	daemon, files := newServer(t)
	cmd := inPIDNamespace(t, append([]string{daemon.Program, "--pidfile=" + files.Pidfile}, daemon.Args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it answers", func() bool { return unixctl(testContext(t), files.ControlSocket, "version") == nil })
	pid := serverOf(t, files)
	if number := readPID(t, files.Pidfile); number != 1 || pid == 1 {
		t.Errorf("process %d calls itself %d", pid, number)
	}
	if held := ownerOf(t, daemon.Pidfile); held != pid {
		t.Errorf("the pidfile is held by %d, the database by %d", held, pid)
	}
	// As the first process of a namespace, ovsdb-server of Open vSwitch 2.15 outlives SIGTERM.
	report, err := process.StopServer(testContext(t), files)
	if err != nil || !slices.Equal(report.PIDs, []int{pid}) {
		t.Errorf("got %+v, %v", report, err)
	}
	_ = cmd.Wait()
}

func TestServerOfAPIDNamespaceAboveMustBeTakenForRunning(t *testing.T) {
	t.Parallel()
	_, files := startServer(t)
	helped := helper(testContext(t), "stop", filepath.Dir(files.Pidfile))
	cmd := inPIDNamespace(t, helped.Args...)
	cmd.Env = helped.Env
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(output)))
	for lines.Scan() {
		if !strings.Contains(lines.Text(), "must be taken for running") || !strings.Contains(lines.Text(), files.Database) {
			t.Errorf("it says %q", lines.Text())
		}
	}
	if strings.Count(string(output), "\n") != 2 {
		t.Errorf("it says %q", output)
	}
	serverOf(t, files)
}
