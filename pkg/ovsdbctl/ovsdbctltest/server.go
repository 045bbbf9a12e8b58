package ovsdbctltest

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
)

const (
	// startPatience is how long a server may take to answer for the first time. It
	// takes some ten milliseconds; the rest is for loaded machines.
	startPatience = 30 * time.Second
	// pollInterval is how often a condition is looked at that cannot be waited for.
	pollInterval = 10 * time.Millisecond
)

// A Server is a real ovsdb-server, a child of the test. It runs until the test ends.
type Server struct {
	ovsdbctl.Server

	File    string // database file
	LogFile string

	process *os.Process
	exited  chan struct{}
}

// Start runs an ovsdb-server on a new, empty database of db's installed schema and
// returns when it answers on its control socket. It listens on its data socket only,
// unless options say otherwise, and is active unless started with [SyncFrom].
func Start(tb testing.TB, db ovsdbctl.Database, opts ...Option) *Server {
	tb.Helper()
	dir := Dir(tb)
	chosen := options{}
	for _, opt := range opts {
		opt(&chosen)
	}
	if chosen.file == "" {
		chosen.file = filepath.Join(dir, "db")
		Create(tb, db, chosen.file)
	}
	server := &Server{
		Server: ovsdbctl.Server{
			Database:      db,
			ControlSocket: filepath.Join(dir, "ctl"),
			DataSocket:    filepath.Join(dir, "sock"),
		},
		File:    chosen.file,
		LogFile: filepath.Join(dir, "log"),
		exited:  make(chan struct{}),
	}
	server.run(tb, dir, chosen.args)
	server.awaitAnswer(tb)
	return server
}

// run starts the process. It is a child in the foreground, so that nothing is left of
// it however the test ends.
func (s *Server) run(tb testing.TB, dir string, extra []string) {
	tb.Helper()
	args := append([]string{
		"--no-chdir", "-vconsole:off", "-vsyslog:off", "-vfile:info",
		"--log-file=" + s.LogFile, "--pidfile=" + filepath.Join(dir, "pid"),
		"--unixctl=" + s.ControlSocket, "--remote=punix:" + s.DataSocket,
	}, extra...)
	s.process = startProcess(tb, "ovsdb-server", append(args, s.File)...)
	go func() {
		_, _ = s.process.Wait()
		close(s.exited)
	}()
	tb.Cleanup(func() { s.Kill(tb) })
}

func (s *Server) awaitAnswer(tb testing.TB) {
	tb.Helper()
	Await(tb, "the server answers", func(ctx context.Context) bool {
		if s.Exited() {
			tb.Fatalf("ovsdb-server ended instead of answering; its log:\n%s", s.Log(tb))
		}
		_, err := s.SyncStatus(ctx)
		return err == nil
	})
}

// Endpoint returns the data socket as an OVSDB connection method, for clients and as
// the source of a backup.
func (s *Server) Endpoint() string { return "unix:" + s.DataSocket }

// Pid returns the server's process id.
func (s *Server) Pid() int { return s.process.Pid }

// Log returns what the server has logged.
func (s *Server) Log(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile(s.LogFile)
	if err != nil && !os.IsNotExist(err) {
		tb.Errorf("cannot read the server's log: %v", err)
	}
	return string(text)
}

// Exited reports whether the process has ended.
func (s *Server) Exited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// Freeze stops the process in its tracks: its sockets still accept, up to the length
// of their queues, but nobody answers. [Server.Thaw] or the end of the test undoes it.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		tb.Fatalf("cannot freeze the server: %v", err)
	}
}

// Thaw lets a frozen process go on.
func (s *Server) Thaw(tb testing.TB) {
	tb.Helper()
	if err := s.process.Signal(syscall.SIGCONT); err != nil {
		tb.Fatalf("cannot thaw the server: %v", err)
	}
}

// Kill ends the process at once and waits until it has gone. Its sockets stay behind,
// as after a crash.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	if s.Exited() {
		return
	}
	if err := s.process.Kill(); err != nil && !s.Exited() {
		tb.Errorf("cannot kill the server: %v", err)
	}
	<-s.exited
}

// AwaitStatus waits until the server reports what wanted asks for, and returns it.
func (s *Server) AwaitStatus(
	tb testing.TB, what string, wanted func(ovsdbctl.SyncStatus) bool,
) ovsdbctl.SyncStatus {
	tb.Helper()
	var status ovsdbctl.SyncStatus
	Await(tb, what, func(ctx context.Context) bool {
		var err error
		status, err = s.SyncStatus(ctx)
		return err == nil && wanted(status)
	})
	return status
}

// Await waits until condition holds, and fails the test with what it was if it never
// does. The context it passes ends with the patience.
func Await(tb testing.TB, what string, condition func(context.Context) bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startPatience)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !condition(ctx) {
		select {
		case <-ctx.Done():
			tb.Fatalf("gave up waiting: %s", what)
		case <-ticker.C:
		}
	}
}
