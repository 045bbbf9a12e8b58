package ovsdbfile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	smallSchema = "testdata/small.ovsschema"
	database    = "Small"
	globalTable = "Small_Global"
	beat        = "beat"

	// testTimeout bounds a test that hangs; nothing depends on its length.
	testTimeout = time.Minute
)

// server is a real ovsdb-server on a database file of its own.
type server struct {
	file    string
	socket  string
	control string
	process *os.Process
}

// shortDir returns a directory whose path is short enough for sockets.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "ovn")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func tool(tb testing.TB, args ...string) {
	tb.Helper()
	if out, err := exec.Command("ovsdb-tool", args...).CombinedOutput(); err != nil {
		tb.Fatalf("ovsdb-tool %q: %v: %s (Debian: install openvswitch-common)", args, err, out)
	}
}

// start runs a server on a new database. Arguments go to its command line.
func start(tb testing.TB, args ...string) *server {
	tb.Helper()
	file := filepath.Join(shortDir(tb), "small.db")
	tool(tb, "create", file, smallSchema)
	return startOn(tb, file, args...)
}

func startOn(tb testing.TB, file string, args ...string) *server {
	tb.Helper()
	dir := shortDir(tb)
	s := &server{file: file, socket: filepath.Join(dir, "s"), control: filepath.Join(dir, "c")}
	args = append([]string{
		"--remote=punix:" + s.socket, "--unixctl=" + s.control, "--no-chdir",
		"-vconsole:off", "-vsyslog:off", file,
	}, args...)
	command := exec.Command("ovsdb-server", args...)
	if err := command.Start(); err != nil {
		tb.Fatalf("%v (Debian: install openvswitch-switch)", err)
	}
	s.process = command.Process
	tb.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	eventually(tb, "the server answers", func() bool {
		return listens(s.socket) && listens(s.control)
	})
	return s
}

// stop ends the server so that its file can be changed.
func (s *server) stop(tb testing.TB) {
	tb.Helper()
	s.command(tb, "exit")
	eventually(tb, "the server is gone", func() bool { return !listens(s.socket) })
}

func listens(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// command runs a unixctl command and returns its output.
func (s *server) command(tb testing.TB, name string, args ...any) string {
	tb.Helper()
	c := dial(tb, s.control)
	defer c.close()
	var text string
	c.call(tb, &text, name, args...)
	return text
}

func (s *server) open(tb testing.TB) *client {
	tb.Helper()
	c := dial(tb, s.socket)
	tb.Cleanup(c.close)
	return c
}

// client is one JSON-RPC 1.0 session.
type client struct {
	conn    net.Conn
	decoder *json.Decoder
	id      int
}

func dial(tb testing.TB, socket string) *client {
	tb.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		tb.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(testTimeout))
	return &client{conn: conn, decoder: json.NewDecoder(conn)}
}

func (c *client) close() { _ = c.conn.Close() }

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (c *client) send(tb testing.TB, method string, params ...any) {
	tb.Helper()
	if params == nil {
		params = []any{}
	}
	c.id++
	request := map[string]any{"id": c.id, "method": method, "params": params}
	if err := json.NewEncoder(c.conn).Encode(request); err != nil {
		tb.Fatalf("cannot send %s: %v", method, err)
	}
}

// receive returns the next answer. It answers probes meanwhile.
func (c *client) receive(tb testing.TB, result any) {
	tb.Helper()
	for {
		var m message
		if err := c.decoder.Decode(&m); err != nil {
			tb.Fatal(err)
		}
		if m.Method == "echo" {
			reply := map[string]any{"id": m.ID, "result": m.Params, "error": nil}
			if err := json.NewEncoder(c.conn).Encode(reply); err != nil {
				tb.Fatal(err)
			}
			continue
		}
		if len(m.Error) > 0 && string(m.Error) != "null" {
			tb.Fatalf("the server refused: %s", m.Error)
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			tb.Fatalf("%v: %s", err, m.Result)
		}
		return
	}
}

func (c *client) call(tb testing.TB, result any, method string, params ...any) {
	tb.Helper()
	c.send(tb, method, params...)
	c.receive(tb, result)
}

// op is one operation of a transaction.
type op map[string]any

// transact carries out one transaction and returns the results of its operations.
func (c *client) transact(tb testing.TB, ops ...op) []map[string]json.RawMessage {
	tb.Helper()
	params := []any{database}
	for _, o := range ops {
		params = append(params, o)
	}
	var results []map[string]json.RawMessage
	c.call(tb, &results, "transact", params...)
	for _, result := range results {
		if text, failed := result["error"]; failed {
			tb.Fatalf("transaction %v: %s %s", ops, text, result["details"])
		}
	}
	return results
}

// global returns the external_ids of the only global row as the server has them, nil if
// there is no row.
func (c *client) global(tb testing.TB) map[string]string {
	tb.Helper()
	results := c.transact(tb, op{"op": "select", "table": globalTable, "where": []any{}, "columns": []any{"external_ids"}})
	var rows []struct {
		ExternalIDs [2]json.RawMessage `json:"external_ids"`
	}
	if err := json.Unmarshal(results[0]["rows"], &rows); err != nil {
		tb.Fatal(err)
	}
	if len(rows) == 0 {
		return nil
	}
	var pairs [][2]string
	if err := json.Unmarshal(rows[0].ExternalIDs[1], &pairs); err != nil {
		tb.Fatal(err)
	}
	ids := map[string]string{}
	for _, pair := range pairs {
		ids[pair[0]] = pair[1]
	}
	return ids
}

// items returns how many rows the server has in table Item.
func (c *client) items(tb testing.TB) int {
	tb.Helper()
	results := c.transact(tb, op{"op": "select", "table": "Item", "where": []any{}, "columns": []any{"_uuid"}})
	var rows []json.RawMessage
	if err := json.Unmarshal(results[0]["rows"], &rows); err != nil {
		tb.Fatal(err)
	}
	return len(rows)
}

func idMap(pairs ...string) []any {
	list := []any{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, []any{pairs[i], pairs[i+1]})
	}
	return []any{"map", list}
}

func insertGlobal(pairs ...string) op {
	return op{"op": "insert", "table": globalTable, "row": op{"external_ids": idMap(pairs...)}}
}

func insertItem(name string) op {
	return op{"op": "insert", "table": "Item", "row": op{"name": name}}
}

func deleteItem(name string) op {
	return op{"op": "delete", "table": "Item", "where": []any{[]any{"name", "==", name}}}
}

func updateGlobal(column string, value any) op {
	return op{"op": "update", "table": globalTable, "where": []any{}, "row": op{column: value}}
}

func deleteGlobal() op { return op{"op": "delete", "table": globalTable, "where": []any{}} }

// setID gives a key of the global row a value, whether it is there or not.
func setID(key, value string) op {
	return op{"op": "mutate", "table": globalTable, "where": []any{}, "mutations": []any{
		[]any{"external_ids", "delete", []any{"set", []any{key}}},
		[]any{"external_ids", "insert", idMap(key, value)},
	}}
}

func removeID(key string) op {
	return op{"op": "mutate", "table": globalTable, "where": []any{}, "mutations": []any{
		[]any{"external_ids", "delete", []any{"set", []any{key}}},
	}}
}

// eventually waits until done holds.
func eventually(tb testing.TB, condition string, done func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), testTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			tb.Fatalf("gave up waiting until %s: %v", condition, errors.Join(ctx.Err(), tb.Context().Err()))
		case <-tick.C:
		}
	}
}

// backup starts a server that replicates from active.
func backup(tb testing.TB, active *server) *server {
	tb.Helper()
	s := start(tb, "--sync-from=unix:"+active.socket)
	s.awaitReplicating(tb)
	return s
}

func (s *server) awaitReplicating(tb testing.TB) {
	tb.Helper()
	eventually(tb, "the backup replicates", func() bool {
		return strings.Contains(s.command(tb, "ovsdb-server/sync-status"), "replicating:")
	})
}

func name(i int) string { return fmt.Sprintf("item-%06d", i) }
