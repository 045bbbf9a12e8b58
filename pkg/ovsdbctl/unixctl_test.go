package ovsdbctl_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestCallReturnsTheResult(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reply, want string
	}{
		{"text", `{"id":1,"result":"state: active\n","error":null}`, "state: active\n"},
		{"empty text", `{"error":null,"id":1,"result":""}`, ""},
		{"no error member", `{"id":1,"result":"ok"}`, "ok"},
		{"text wrapped for JSON output", `{"id":1,"result":{"reply-format":"plain","reply":"ok\n"},"error":null}`, "ok\n"},
		{"object", `{"id":1,"result":{"a":[1,null]},"error":null}`, `{"a":[1,null]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, ovsdbctltest.Text(tt.reply))}
			got, err := daemon.Call(within(t, testTimeout), "any")
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestCallSendsParametersAsAnArrayEvenIfThereAreNone(t *testing.T) {
	t.Parallel()
	for _, params := range [][]string{{}, {"a", "b c"}} {
		requests := make(chan ovsdbctltest.Request, 1)
		daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, ovsdbctltest.Reply(
			func(request ovsdbctltest.Request) (any, string) {
				requests <- request
				return "", ""
			}))}
		if _, err := daemon.Call(within(t, testTimeout), "method", params...); err != nil {
			t.Fatal(err)
		}
		request := <-requests
		if request.Method != "method" {
			t.Errorf("method is %q", request.Method)
		}
		if diff := cmp.Diff(params, request.Params); diff != "" { // in which empty and null differ
			t.Errorf("parameters differ (-want +got):\n%s", diff)
		}
	}
}

func TestCallOfABrokenDaemonNamesTheFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer ovsdbctltest.Answer
		want   []error
	}{
		{"never answers", ovsdbctltest.Silent(), []error{ovsdbctl.ErrNoAnswer, context.DeadlineExceeded}},
		{"stops half-way", ovsdbctltest.Text(`{"id":1,"res`), []error{ovsdbctl.ErrNoAnswer, context.DeadlineExceeded}},
		{"closes at once", ovsdbctltest.Hangup(""), []error{ovsdbctl.ErrNoAnswer, io.ErrUnexpectedEOF}},
		{"closes half-way", ovsdbctltest.Hangup(`{"id":1,"res`), []error{ovsdbctl.ErrNoAnswer, io.ErrUnexpectedEOF}},
		{"answers garbage", ovsdbctltest.Text("HTTP/1.0 400 Bad Request\r\n"), []error{ovsdbctl.ErrProtocol}},
		{"answers no object", ovsdbctltest.Text(`["result"]`), []error{ovsdbctl.ErrProtocol}},
		{"answers with id null", ovsdbctltest.Text(`{"id":null,"result":"x","error":null}`), []error{ovsdbctl.ErrProtocol}},
		{"answers without id", ovsdbctltest.Text(`{"result":"x","error":null}`), []error{ovsdbctl.ErrProtocol}},
		{"answers another request", ovsdbctltest.Text(`{"id":2,"result":"x","error":null}`), []error{ovsdbctl.ErrProtocol}},
		{"answers nothing", ovsdbctltest.Text(`{"id":1,"result":null,"error":null}`), []error{ovsdbctl.ErrProtocol}},
		{"answers too much", ovsdbctltest.Huge(1 << 20), []error{ovsdbctl.ErrProtocol}},
		{"sends a request", ovsdbctltest.Text(`{"id":9,"method":"echo","params":[]}`), []error{ovsdbctl.ErrProtocol}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, tt.answer)}
			limit := testTimeout
			if errors.Is(tt.want[len(tt.want)-1], context.DeadlineExceeded) {
				limit = shortTimeout
			}
			_, err := daemon.Call(within(t, limit), "version")
			for _, want := range tt.want {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			if err != nil && !strings.Contains(err.Error(), daemon.Socket) {
				t.Errorf("error does not name the socket: %v", err)
			}
		})
	}
}

func TestCallAcceptsAReplyJustBelowTheLimit(t *testing.T) {
	t.Parallel()
	const size = 1<<20 - 100
	daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, ovsdbctltest.Huge(size))}
	got, err := daemon.Call(within(t, testTimeout), "any")
	if err != nil || len(got) != size {
		t.Errorf("got %d bytes, %v; want %d bytes", len(got), err, size)
	}
}

func TestCallReturnsTheServersRefusal(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	_, err := ovsdbctl.Unixctl{Socket: server.ControlSocket}.Call(within(t, testTimeout), "no-such-command")
	var refused *ovsdbctl.CommandError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a CommandError", err)
	}
	if refused.Socket != server.ControlSocket || refused.Method != "no-such-command" ||
		!strings.Contains(refused.Message, "is not a valid command") {
		t.Errorf("got %#v", refused)
	}
}

func TestCallOfASocketWithoutAListener(t *testing.T) {
	t.Parallel()
	dir := ovsdbctltest.Dir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	crashed := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	crashed.Kill(t)
	tests := map[string]string{
		"no socket":             filepath.Join(dir, "none"),
		"no directory":          filepath.Join(dir, "none", "none"),
		"a regular file":        file,
		"socket of a dead peer": crashed.ControlSocket,
	}
	for name, socket := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ovsdbctl.Unixctl{Socket: socket}.Call(within(t, testTimeout), "version")
			if !errors.Is(err, ovsdbctl.ErrNotListening) {
				t.Errorf("got %v, want ErrNotListening", err)
			}
		})
	}
}

func TestCallWithAnUnusablePathIsNotTakenForADeadServer(t *testing.T) {
	t.Parallel()
	_, err := ovsdbctl.Unixctl{Socket: "/" + strings.Repeat("x", 200)}.Call(within(t, testTimeout), "version")
	if err == nil || errors.Is(err, ovsdbctl.ErrNotListening) || errors.Is(err, ovsdbctl.ErrNoAnswer) {
		t.Errorf("got %v, want an error of its own", err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(within(t, testTimeout))
	daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, func(conn net.Conn, _ ovsdbctltest.Request) {
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	})}
	_, err := daemon.Call(ctx, "version")
	if !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrNoAnswer and context.Canceled", err)
	}
}

// The queue of connections of a stopped server fills up, and from then on the kernel refuses
// new ones at once: that must not read as if the server had ended.
func TestCallsOfAStoppedServerGetNoAnswerHoweverMany(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	server.Stop(t)
	control := ovsdbctl.Unixctl{Socket: server.ControlSocket}
	const more = 90 // than fit into the queue
	results := make(chan error, more)
	for range more {
		go func() {
			_, err := control.Call(within(t, shortTimeout), "version")
			results <- err
		}()
	}
	for range more {
		err := <-results
		if !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want ErrNoAnswer and context.DeadlineExceeded", err)
		}
	}

	waiting := make(chan error, 1)
	go func() {
		_, err := control.Call(within(t, testTimeout), "version")
		waiting <- err
	}()
	server.Continue(t)
	if err := <-waiting; err != nil {
		t.Errorf("call that waited for the server to go on: %v", err)
	}
}

func TestExitEndsTheDaemon(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	daemon := ovsdbctl.Unixctl{Socket: server.ControlSocket}
	if err := daemon.Exit(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	ovsdbctltest.Await(t, "the server has ended", func(context.Context) bool { return server.Exited() })
	if err := daemon.Exit(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNotListening) {
		t.Errorf("second exit: got %v, want ErrNotListening", err)
	}
}

func TestExitThatIsAnsweredByClosingIsDone(t *testing.T) {
	t.Parallel()
	daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(t, ovsdbctltest.Hangup(""))}
	if err := daemon.Exit(within(t, testTimeout)); err != nil {
		t.Error(err)
	}
}

func TestExitOfAStoppedDaemonIsNotDone(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	server.Stop(t)
	err := ovsdbctl.Unixctl{Socket: server.ControlSocket}.Exit(within(t, shortTimeout))
	if !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want ErrNoAnswer and context.DeadlineExceeded", err)
	}
}

func FuzzCall(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"result":"state: active\n","error":null}`,
		`{"error":"\"x\" is not a valid command (use --help for help)\n","id":1,"result":null}`,
		`{"id":1,"result":{"reply-format":"plain","reply":"x"},"error":null}`,
		`{"id":null,"result":"x","error":null}`, `{"id":1}`, `{`, ``, `[]`, `"`,
	} {
		f.Add(seed)
	}
	var reply atomic.Value
	daemon := ovsdbctl.Unixctl{Socket: ovsdbctltest.Fake(f, func(conn net.Conn, _ ovsdbctltest.Request) {
		text, _ := reply.Load().(string)
		_, _ = io.WriteString(conn, text)
	})}
	f.Fuzz(func(t *testing.T, text string) {
		reply.Store(text)
		got, err := daemon.Call(within(t, testTimeout), "any")
		var refused *ovsdbctl.CommandError
		switch {
		case err == nil:
		case got != "":
			t.Errorf("got both %q and %v", got, err)
		case errors.As(err, &refused), errors.Is(err, ovsdbctl.ErrProtocol), errors.Is(err, io.ErrUnexpectedEOF):
		default:
			t.Errorf("unclassified error: %v", err)
		}
	})
}
