package process_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

func TestServerCommandIsThatOfOVNWithoutDatabaseRemote(t *testing.T) {
	t.Parallel()
	options := process.ServerOptions{
		Files:        process.Layout{RunDir: "/run", DatabaseDir: "/db", LogDir: "/log", SchemaDir: "/schema"}.Southbound(),
		DatabaseName: "OVN_Southbound",
		SyncFrom:     "tcp:192.0.2.254:6642",
		Owner:        process.Owner{Name: "ovn:hugetlbfs", UID: 7, GID: 8},
	}
	want := process.Daemon{
		Program: "ovsdb-server",
		Args: []string{
			"-vconsole:warn", "-vfile:info", "--log-file=/log/ovsdb-server-sb.log",
			"--remote=punix:/run/ovnsb_db.sock", "--unixctl=/run/ovnsb_db.ctl",
			"--private-key=db:OVN_Southbound,SSL,private_key",
			"--certificate=db:OVN_Southbound,SSL,certificate",
			"--ca-cert=db:OVN_Southbound,SSL,ca_cert",
			"--ssl-protocols=db:OVN_Southbound,SSL,ssl_protocols",
			"--ssl-ciphers=db:OVN_Southbound,SSL,ssl_ciphers",
			"--sync-from=tcp:192.0.2.254:6642", "/db/ovnsb_db.db",
		},
		Pidfile:     "/run/ovnsb_db.pid",
		Owner:       options.Owner,
		Directories: []string{"/run", "/db", "/log"},
		FileLimit:   65535,
	}
	got := process.OVSDBServer(options)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	generated := []string{"--detach", "--pidfile=/run/ovnsb_db.pid"}
	if diff := cmp.Diff(append(generated, want.Args...), got.Command()); diff != "" {
		t.Error(diff)
	}
}

func TestServerHasTheFilesForTLSOfItsOptionsInTheCommandAndCiphersuitesWhereItMay(t *testing.T) {
	t.Parallel()
	got := process.OVSDBServer(process.ServerOptions{
		Files: process.Layout{RunDir: "/run", DatabaseDir: "/db"}.Northbound(), DatabaseName: "OVN_Northbound",
		Keys: pki.Files{PrivateKey: "/k", Certificate: "/c", CACert: "/a"}, Ciphersuites: true,
	}).Args
	for _, want := range []string{
		"--private-key=/k", "--certificate=/c", "--ca-cert=/a", "--ssl-ciphers=db:OVN_Northbound,SSL,ssl_ciphers",
		"--ssl-ciphersuites=db:OVN_Northbound,SSL,ssl_ciphersuites",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %v", want, got)
		}
	}
}

func TestStartedServerAnswersAndASecondStartChangesNothing(t *testing.T) {
	t.Parallel()
	daemon, files := startServer(t)
	first := ownerOf(t, daemon.Pidfile)
	if err := unixctl(testContext(t), files.ControlSocket, "ovsdb-server/sync-status"); err != nil {
		t.Error(err)
	}
	if err := daemon.Start(testContext(t)); err != nil {
		t.Error(err)
	}
	if again := ownerOf(t, daemon.Pidfile); again != first {
		t.Errorf("process %d became %d", first, again)
	}
	if directory, err := os.Readlink("/proc/" + strconv.Itoa(first) + "/cwd"); err != nil || directory != "/" {
		t.Errorf("working directory %q, %v", directory, err)
	}
}

func TestTwoStartsAtOnceLeaveOneServer(t *testing.T) {
	t.Parallel()
	daemon, files := newServer(t)
	results := make(chan error)
	for range 3 {
		go func() { results <- daemon.Start(testContext(t)) }()
	}
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	pid := ownerOf(t, daemon.Pidfile)
	eventually(t, "only the server is left", func() bool {
		return slices.Equal(mentions(filepath.Dir(files.Pidfile)), []int{pid})
	})
}

func TestStartAfterKilledServerTakesOverTheStalePidfile(t *testing.T) {
	t.Parallel()
	daemon, _ := startServer(t)
	first := ownerOf(t, daemon.Pidfile)
	if err := kill(first); err != nil {
		t.Fatal(err)
	}
	processtest.AwaitEnd(t, first)
	if pid := readPID(t, string(daemon.Pidfile)); pid != first {
		t.Fatalf("the pidfile names %d", pid)
	}
	if _, err := daemon.Pidfile.Owner(); !errors.Is(err, process.ErrNotRunning) {
		t.Fatalf("got %v", err)
	}
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if again := ownerOf(t, daemon.Pidfile); again == first {
		t.Errorf("still %d", again)
	}
}

func TestStartWithWorthlessPidfileStarts(t *testing.T) {
	t.Parallel()
	other := stranger(t)
	for _, content := range []string{"", "garbage", strconv.Itoa(other.Process.Pid) + "\n"} {
		daemon, _ := newServer(t)
		if err := os.WriteFile(string(daemon.Pidfile), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := daemon.Start(testContext(t)); err != nil {
			t.Errorf("%q: %v", content, err)
		}
		ownerOf(t, daemon.Pidfile)
	}
}

func TestFailedStartTellsWhatTheProgramSaid(t *testing.T) {
	t.Parallel()
	daemon, files := newServer(t)
	if err := os.WriteFile(files.Database, []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := daemon.Start(testContext(t))
	failure, ok := errors.AsType[*process.RunError](err)
	if !ok || failure.ExitCode != 1 || !strings.Contains(failure.Stderr, "unexpected file format") {
		t.Errorf("got %v", err)
	}
	if left := mentions(filepath.Dir(files.Pidfile)); len(left) > 0 {
		t.Errorf("left processes %v", left)
	}
}

func TestStartOfMissingProgramIsErrProgramMissing(t *testing.T) {
	t.Parallel()
	daemon := process.Daemon{Program: "no-such-daemon", Pidfile: process.Pidfile(filepath.Join(t.TempDir(), "pid"))}
	if err := daemon.Start(testContext(t)); !errors.Is(err, process.ErrProgramMissing) {
		t.Errorf("got %v", err)
	}
}

// hangingServer is one that reads its database from a FIFO without a writer.
func hangingServer(t *testing.T) (process.Daemon, process.ServerFiles) {
	t.Helper()
	daemon, files := newServer(t)
	if err := os.Remove(files.Database); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(files.Database, 0o600); err != nil {
		t.Fatal(err)
	}
	return daemon, files
}

func TestStartWhoseContextEndsLeavesNoProcess(t *testing.T) {
	t.Parallel()
	daemon, files := hangingServer(t)
	ctx, cancel := context.WithCancelCause(testContext(t))
	cause := errors.New("enough")
	started := make(chan error, 1)
	go func() { started <- daemon.Start(ctx) }()
	directory := filepath.Dir(files.Pidfile)
	eventually(t, "the server runs", func() bool { _, err := daemon.Pidfile.Owner(); return err == nil })
	running := mentions(directory)
	if len(running) != 2 {
		t.Errorf("want the first process and the server, got %v", running)
	}
	cancel(cause)
	if err := <-started; !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	gone(t, running...)
	if left := mentions(directory); len(left) > 0 {
		t.Errorf("left processes %v", left)
	}
}

func TestStartWithEndedContextStartsNothing(t *testing.T) {
	t.Parallel()
	daemon, _ := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := daemon.Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := daemon.Pidfile.Owner(); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}

// TestServerHoldsNoPipeOfItsCaller has a caller whose output, and another file
// that it merely inherited, are pipes.
func TestServerHoldsNoPipeOfItsCaller(t *testing.T) {
	t.Parallel()
	daemon, files := newServer(t)
	cmd := helper(testContext(t), "start", filepath.Dir(files.Pidfile), "0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	inherited, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close() //nolint:errcheck // only read
	cmd.ExtraFiles = []*os.File{end}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = end.Close()
	read := make(chan string)
	for _, pipe := range []io.Reader{stdout, stderr, inherited} {
		go func() {
			content, _ := io.ReadAll(pipe)
			read <- string(content)
		}()
	}
	var all string
	for range 3 {
		select {
		case content := <-read:
			all += content
		case <-testContext(t).Done():
			t.Fatal("a pipe is held open")
		}
	}
	if err := cmd.Wait(); err != nil || all != "started\n" {
		t.Errorf("got %q, %v", all, err)
	}
	ownerOf(t, daemon.Pidfile)
}

// softLimit is a running process's limit of open files.
func softLimit(t *testing.T, pid int) uint64 {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		t.Fatal(err)
	}
	return limit.Cur
}

func TestFileLimitOfServerIsRaisedFromALowSoftLimit(t *testing.T) {
	t.Parallel()
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	const low = 512
	for _, test := range []struct{ want, least, most uint64 }{
		{0, low, low}, // left alone
		{low + 1, low + 1, own.Max},
		{65535, min(65535, own.Max), max(65535, own.Max)},
	} {
		daemon, files := newServer(t)
		helped := helper(testContext(t), "start", filepath.Dir(files.Pidfile), strconv.FormatUint(test.want, 10))
		// The limit is set by a shell so that the helper is born with it.
		cmd := exec.CommandContext(testContext(t), "sh", append([]string{"-c", `ulimit -Sn 512; exec "$0" "$@"`}, helped.Args...)...)
		cmd.Env = helped.Env
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		if got := softLimit(t, ownerOf(t, daemon.Pidfile)); got < test.least || got > test.most {
			t.Errorf("want %d: got %d", test.want, got)
		}
	}
}

// rotate renames the log and has the server open a new one.
func rotate(t *testing.T, files process.ServerFiles) {
	t.Helper()
	if err := os.Rename(files.LogFile, files.LogFile+".1"); err != nil {
		t.Fatal(err)
	}
	if err := unixctl(testContext(t), files.ControlSocket, "vlog/reopen"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files.LogFile); err != nil {
		t.Error(err)
	}
}

func TestLogIsReopenedAfterRename(t *testing.T) {
	t.Parallel()
	_, files := startServer(t)
	rotate(t, files)
}

func TestStartIsNotDelayedByALongDeadline(t *testing.T) {
	t.Parallel()
	daemon, _ := newServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- daemon.Start(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-testContext(t).Done():
		t.Error("it hangs")
	}
}
