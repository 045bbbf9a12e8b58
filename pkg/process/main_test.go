package process_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
)

// helperVariable makes the test binary do something else than test, as a
// process of its own.
const helperVariable = "PROCESS_TEST_HELPER"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.FilesCommand {
		os.Exit(helperFiles())
	}
	switch mode := os.Getenv(helperVariable); mode {
	case "":
		os.Exit(m.Run())
	case "start": // DIRECTORY FILE-LIMIT: start a northbound server
		os.Exit(helperStart(os.Args[1], os.Args[2]))
	case "ensure": // DATABASE SCHEMA: ensure a database, say whether a program is missing
		helperEnsure(os.Args[1], os.Args[2])
	case "ensure as account": // USER:GROUP DATABASE SCHEMA: ensure a database, say what fails
		fmt.Fprintln(os.Stderr, helperEnsureAs(os.Args[1], os.Args[2], os.Args[3]))
	case "start as account, without core dumps": // USER:GROUP DIRECTORY: so start a northbound server in it
		fmt.Println(helperStartWithoutCoreDumps(os.Args[1], os.Args[2]))
	case "run": // DIRECTORY: run a tool that writes its process id to a file there and goes on
		_, err := process.Run(context.Background(), "sh", "-c", longTool, os.Args[1])
		fmt.Fprintln(os.Stderr, err)
	case "stop": // DIRECTORY: look for a northbound server and stop it, say what is wrong
		files := northbound(os.Args[1]).Files
		_, err := files.Owner()
		_, stopErr := process.StopServer(context.Background(), files)
		fmt.Printf("%v\n%v\n", err, stopErr)
	case "hold", "hold open file", "trace", "silent", "answer": // FILE or PID: do so until standard input ends
		os.Exit(helperUntilEnd(mode, os.Args[1:]...))
	case "dumpable": // say whether the kernel would dump this process's memory, before and after
		before := dumpable()
		process.RefuseCoreDumps()
		fmt.Println(before, dumpable())
	}
}

func helperFiles() int {
	if err := process.RunFilesCommand(context.Background(), os.Args[2:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func helperUntilEnd(mode string, args ...string) int {
	switch mode {
	case "trace": // all threads of a process but the first, and collect none that ends
		return helperTrace(args[0])
	case "silent", "answer":
		return helperFUSE(mode, args...)
	case "hold open file": // a write lock of the open file
		return helperHold(args[0], unix.F_OFD_SETLK)
	default: // a write lock of the process
		return helperHold(args[0], unix.F_SETLK)
	}
}

func helperEnsureAs(account, database, schema string) error {
	owner, err := process.LookupOwner(account)
	if err == nil {
		_, err = process.DatabaseFile{Path: database, Schema: schema, Owner: owner}.Ensure(context.Background())
	}
	return err
}

func helperEnsure(database, schema string) {
	file := process.DatabaseFile{Path: database, Schema: schema}
	if _, err := file.Ensure(context.Background()); errors.Is(err, process.ErrProgramMissing) {
		fmt.Println("program missing")
	}
}

func helperStartWithoutCoreDumps(account, directory string) error {
	owner, err := process.LookupOwner(account)
	if err != nil {
		return err
	}
	process.RefuseCoreDumps()
	options := northbound(directory)
	options.Owner = owner
	return process.OVSDBServer(options).Start(context.Background())
}

// dumpable returns PR_GET_DUMPABLE of prctl(2).
func dumpable() int {
	value, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return -1
	}
	return value
}

func helperStart(directory, limit string) int {
	number, err := strconv.ParseUint(limit, 10, 64)
	if err == nil {
		daemon := process.OVSDBServer(northbound(directory))
		daemon.FileLimit = number
		err = daemon.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("started")
	return 0
}

func helperHold(path string, command int) int {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		err = unix.FcntlFlock(file.Fd(), command, &lock)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func helperTrace(pid string) int {
	runtime.LockOSThread() // threads are traced by one thread
	threads, err := os.ReadDir(filepath.Join("/proc", pid, "task"))
	for _, thread := range threads {
		number, _ := strconv.Atoi(thread.Name())
		if thread.Name() == pid || err != nil {
			continue
		}
		if _, _, failed := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(number), 0, 0, 0, 0); failed != 0 {
			err = failed
		}
	}
	if err != nil || len(threads) < 2 {
		fmt.Fprintln(os.Stderr, len(threads), err)
		return 1
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// helper is a command that runs the test binary as a helper.
func helper(ctx context.Context, mode string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), helperVariable+"="+mode)
	return cmd
}

// testContext ends well before the test does, so that what hangs is named.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// shortDirectory is a directory whose sockets have short enough paths.
func shortDirectory(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "ovn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

// layoutIn keeps all a server writes in one directory.
func layoutIn(directory string) process.Layout {
	layout, err := process.DiscoverLayout(process.Layout{RunDir: directory, DatabaseDir: directory, LogDir: directory})
	if err != nil {
		panic(err)
	}
	return layout
}

func northbound(directory string) process.ServerOptions {
	return process.ServerOptions{
		Files:        layoutIn(directory).Northbound(),
		DatabaseName: "OVN_Northbound",
		SyncFrom:     "tcp:192.0.2.254:6641",
	}
}

// newServer prepares a northbound server, and ends whatever is left of it
// after the test.
func newServer(t *testing.T) (process.Daemon, process.ServerFiles) {
	t.Helper()
	options := northbound(shortDirectory(t))
	file := process.DatabaseFile{Path: options.Files.Database, Schema: options.Files.Schema}
	if _, err := file.Ensure(testContext(t)); err != nil {
		t.Fatal(err)
	}
	daemon := process.OVSDBServer(options)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if _, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, nil); err != nil {
			t.Error(err)
		}
	})
	return daemon, options.Files
}

// startServer starts a northbound server.
func startServer(t *testing.T) (process.Daemon, process.ServerFiles) {
	t.Helper()
	daemon, files := newServer(t)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return daemon, files
}

func ownerOf(t *testing.T, p process.Pidfile) int {
	t.Helper()
	pid, err := p.Owner()
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// unixctl sends one command and returns the answer.
func unixctl(ctx context.Context, socket string, arguments ...string) error {
	output, err := exec.CommandContext(ctx, "ovs-appctl", append([]string{"-T", "10", "-t", socket}, arguments...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

// exit is the graceful way to stop a server.
func exit(files process.ServerFiles) func(context.Context) error {
	return func(ctx context.Context) error { return unixctl(ctx, files.ControlSocket, "exit") }
}

// field reads a field of /proc/PID/status.
func field(t *testing.T, pid int, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s in the status of process %d", name, pid)
	return ""
}

func parent(t *testing.T, pid int) int {
	t.Helper()
	number, err := strconv.Atoi(field(t, pid, "PPid"))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// gone fails the test if a process is alive.
func gone(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		if !hasEnded(pid) {
			t.Errorf("process %d is alive", pid)
		}
	}
}

// hasEnded reports whether a process is gone, or a zombie.
func hasEnded(pid int) bool {
	activity, err := process.Inspect(pid)
	return errors.Is(err, process.ErrNotRunning) || err == nil && activity.Zombie
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	// A test's own context is over when its clean-up begins, which waits as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

// mentions lists the processes that have the directory in its arguments or
// environment.
func mentions(directory string) []int {
	var found []int
	for pid := range allProcesses() {
		for _, name := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
			if err == nil && strings.Contains(string(content), directory) {
				found = append(found, pid)
				break
			}
		}
	}
	return found
}

func allProcesses() map[int]bool {
	pids := map[int]bool{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && pid != os.Getpid() {
			pids[pid] = true
		}
	}
	return pids
}
