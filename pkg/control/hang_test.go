package control_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// hangTimeout is the deadline of each action in these tests, and hangLimit when one goes on.
const (
	hangTimeout = 2 * time.Second
	hangLimit   = 20 * time.Second
)

// wantEndsInTime calls each action with a deadline and fails if one goes on long after it. Their
// results do not count.
func wantEndsInTime(t *testing.T, node *control.Controller) {
	t.Helper()
	none := replication.Participants{}
	for _, action := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"monitor", func(ctx context.Context) error { node.Monitor(ctx, true); return nil }},
		{"probe", func(ctx context.Context) error { node.Probe(ctx); return nil }},
		{"start", node.Start},
		{"pre-promote", func(ctx context.Context) error { return node.HoldElection(ctx, none) }},
		{"promote", func(ctx context.Context) error { return node.Promote(ctx, none) }},
		{"reload-agent", node.Reload},
		{"post-promote", func(ctx context.Context) error { return node.Follow(ctx, "node2") }},
		{"demote", node.Demote},
		{"post-demote", func(ctx context.Context) error { return node.ReceiveLast(ctx, []string{"node2"}) }},
		{"status", func(ctx context.Context) error { _, err := node.Survey(ctx); return err }},
		{"faults", func(ctx context.Context) error { node.Faults(ctx, true); return nil }},
		{"measures", func(ctx context.Context) error { node.Measure(ctx); return nil }},
		{"stop", node.Stop},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
		ended := make(chan error, 1)
		go func() { ended <- action.run(ctx) }()
		select {
		case err := <-ended:
			t.Logf("%s: %v", action.name, err)
		case <-time.After(hangLimit):
			t.Fatalf("%s goes on long after its deadline", action.name)
		}
		cancel()
	}
}

// answering listens in the place of a control socket and has each connection answered by a function.
func answering(t *testing.T, path string, answer func(conn net.Conn)) {
	t.Helper()
	must(t, os.Rename(path, path+".real"))
	listen(t, path, answer)
}

// listen has each connection to a socket served by a function, until the test ends.
func listen(t *testing.T, path string, serve func(conn net.Conn)) {
	t.Helper()
	listener, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // the client has gone, or is to fail
				serve(conn)
			}()
		}
	}()
}

// repeating returns an answer that begins with a text and goes on with another one, again and again.
func repeating(first, rest string, pause time.Duration) func(net.Conn) {
	return func(conn net.Conn) {
		ticker := time.NewTicker(max(pause, 1))
		defer ticker.Stop()
		for _, err := io.WriteString(conn, first); err == nil; _, err = io.WriteString(conn, rest) {
			if pause > 0 {
				<-ticker.C
			}
		}
	}
}

func TestNoActionOutlivesItsDeadlineWhateverAControlOrDataSocketAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(net.Conn){
		"nothing":          func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"a byte a second":  repeating("", " ", time.Second),
		"garbage":          func(conn net.Conn) { _, _ = io.WriteString(conn, "\x00\xff{[") },
		"text without end": repeating(`{"id":1,"error":null,"result":"`, strings.Repeat("x", 64<<10), 0),
	} {
		for _, socket := range []string{"control", "data"} {
			t.Run(socket+" "+name, func(t *testing.T) {
				t.Parallel()
				node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
				server := &node.Units[0].Server
				server.Peer = nil // this process is to pass for the server
				must(t, node.Start(testContext(t)))
				path := server.ControlSocket
				if socket == "data" {
					path = server.DataSocket
				}
				answering(t, path, answer)
				wantEndsInTime(t, node)
			})
		}
	}
}

func TestNoActionOutlivesItsDeadlineWhateverIsInThePlaceOfADatabaseFile(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(path string) error{
		"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a device":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"nothing":     func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a hole of 1 TiB": func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		},
	} {
		for _, running := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, the server runs: %v", name, running), func(t *testing.T) {
				t.Parallel()
				node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
				path := node.Units[0].Files.Database
				must(t, os.MkdirAll(filepath.Dir(path), 0o755))
				if running {
					must(t, node.Start(testContext(t)))
					must(t, os.Remove(path))
				}
				must(t, place(path))
				wantEndsInTime(t, node)
			})
		}
	}
}
