package ovsdbctltest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A Request is a request to a fake daemon.
type Request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params []string        `json:"params"`
}

// An Answer plays the daemon's side of a connection once the request has arrived. The
// connection is closed when it returns.
type Answer func(conn net.Conn, request Request)

// Fake runs a daemon in the test's own process that passes each request on its control
// socket to answer, and returns the path of the socket.
func Fake(tb testing.TB, answer Answer) (socket string) {
	tb.Helper()
	socket = filepath.Join(Dir(tb), "ctl")
	ctx := tb.Context()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", socket)
	if err != nil {
		tb.Fatalf("cannot listen: %v", err)
	}
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() { serve(ctx, conn, answer) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		sessions.Wait()
	})
	return socket
}

// serve handles one connection, until ctx ends at the latest. A request that cannot be read
// gets no answer.
func serve(ctx context.Context, conn net.Conn, answer Answer) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var request Request
	if json.NewDecoder(conn).Decode(&request) == nil {
		answer(conn, request)
	}
}

// Silent never answers. It keeps the connection open.
func Silent() Answer { return Text("") }

// Text answers with exactly text and keeps the connection open, as a daemon does.
func Text(text string) Answer {
	return func(conn net.Conn, _ Request) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// Hangup answers with exactly text, which may be empty, and closes the connection.
func Hangup(text string) Answer {
	return func(conn net.Conn, _ Request) { _, _ = io.WriteString(conn, text) }
}

// Huge answers with a well-formed reply whose result is size bytes long.
func Huge(size int) Answer {
	return Reply(func(Request) (any, string) { return strings.Repeat("x", size), "" })
}

// Reply answers as the protocol demands, with the result that handle returns, or with an
// error if its message is not empty.
func Reply(handle func(Request) (result any, message string)) Answer {
	return func(conn net.Conn, request Request) {
		result, message := handle(request)
		reply := map[string]any{"id": request.ID, "result": result, "error": nil}
		if message != "" {
			reply["result"], reply["error"] = nil, message
		}
		if json.NewEncoder(conn).Encode(reply) == nil {
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}
