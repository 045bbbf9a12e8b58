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
	// awaitTimeout bounds [Await]. A server answers some ten milliseconds after its
	// start; the rest is for loaded machines.
	awaitTimeout = 30 * time.Second
	// pollInterval is the time between two checks of a condition.
	pollInterval = 10 * time.Millisecond
)

// A Server is a real ovsdb-server, a child of the test. It runs until the test ends.
type Server struct {
	ovsdbctl.Server

	File    string // database file
	LogFile string

	process *os.Process
	exited  <-chan struct{}
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
	}
	server.run(tb, dir, chosen.args)
	server.awaitAnswer(tb)
	return server
}

// run starts the process, a child in the foreground, so that it ends with the test in
// whatever way the test ends.
func (s *Server) run(tb testing.TB, dir string, extra []string) {
	tb.Helper()
	args := append([]string{
		"--no-chdir", "-vconsole:off", "-vsyslog:off", "-vfile:info",
		"--log-file=" + s.LogFile, "--pidfile=" + filepath.Join(dir, "pid"),
		"--unixctl=" + s.ControlSocket, "--remote=punix:" + s.DataSocket,
	}, extra...)
	s.process, s.exited = startProcess(tb, "ovsdb-server", append(args, s.File)...)
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

// Log returns the content of the server's log file.
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

// Stop stops the process as SIGSTOP does: its sockets still accept connections, up to the
// length of their queues, but it does not answer. [Server.Continue] or the end of the test
// undoes it.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		tb.Fatalf("cannot stop the server: %v", err)
	}
}

// Continue lets a stopped process go on.
func (s *Server) Continue(tb testing.TB) {
	tb.Helper()
	if err := s.process.Signal(syscall.SIGCONT); err != nil {
		tb.Fatalf("cannot continue the server: %v", err)
	}
}

// Kill kills the process and waits until it has ended. Its socket files remain, as after a
// crash.
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

// AwaitStatus waits until the server reports a status that is wanted, and returns it.
// condition describes it.
func (s *Server) AwaitStatus(
	tb testing.TB, condition string, wanted func(ovsdbctl.SyncStatus) bool,
) ovsdbctl.SyncStatus {
	tb.Helper()
	var status ovsdbctl.SyncStatus
	Await(tb, condition, func(ctx context.Context) bool {
		var err error
		status, err = s.SyncStatus(ctx)
		return err == nil && wanted(status)
	})
	return status
}

// Await waits until holds returns true, and fails the test with condition, a description,
// if it has not after 30 seconds. The context that it passes ends then.
func Await(tb testing.TB, condition string, holds func(context.Context) bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), awaitTimeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !holds(ctx) {
		select {
		case <-ctx.Done():
			tb.Fatalf("gave up waiting: %s", condition)
		case <-ticker.C:
		}
	}
}
