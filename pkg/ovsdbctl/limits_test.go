package ovsdbctl_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// remotePeer is a peer as openPeer has it, but on another node: a TCP endpoint.
func remotePeer(t *testing.T, databases string, play func(peer)) (endpoint string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		p := peer{Conn: conn, requests: json.NewDecoder(conn)}
		p.next()
		p.send(`{"id":1,"result":` + databases + `}`)
		play(p)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return "tcp:" + listener.Addr().String()
}

func openRemote(t *testing.T, reply string) *ovsdbctl.Store {
	t.Helper()
	store, err := ovsdbctl.Open(within(t, testTimeout), remotePeer(t, `["OVN_Northbound"]`, answering(reply)), ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// rowReply is a reply with one row, of about size bytes.
func rowReply(size int) string {
	return `{"id":2,"result":[{"rows":[{"external_ids":["map",[["k","v"]]],"name":"` + strings.Repeat("x", size) + `"}]}]}`
}

func TestLongRowOfAnotherNodesServerIsRefused(t *testing.T) {
	t.Parallel()
	if ids, err := openRemote(t, rowReply(60<<10)).Global(within(t, testTimeout)); err != nil || ids["k"] != "v" {
		t.Errorf("60 KiB: got %.40v, %v", ids, err)
	}
	if _, err := openRemote(t, rowReply(64<<10)).Global(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("64 KiB: got %v, want ErrProtocol", err)
	}
	if _, err := openRemote(t, rowReply(64<<10)).Writable(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("64 KiB of another answer: got %v, want ErrProtocol", err)
	}
}

// asRemote returns a TCP endpoint that leads to a server, for one session.
func asRemote(t *testing.T, server *ovsdbctltest.Server) (endpoint string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = client.Close() }()
		var dialer net.Dialer
		there, err := dialer.DialContext(t.Context(), "unix", server.DataSocket)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(there, client)
			_ = there.Close()
		}()
		_, _ = io.Copy(client, there)
	}()
	return "tcp:" + listener.Addr().String()
}

// A client with write access to a real server fills external_ids, before and after the agent's own keys.
func TestOwnKeysAreReadBesideAnyNumberOfKeysAndAnyLengthOfValuesOfClients(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	keys := map[string]string{
		"a": strings.Repeat("x", 1<<20), "ovndb-servers:junk": strings.Repeat("y", 1<<20), "ovndb-servers:term": "7", "ovndb-servers:beat": "8",
	}
	for i := range 30_000 {
		keys["k"+strconv.Itoa(i)], keys["ovndb-servers:"+strconv.Itoa(i)] = "v", "[["
	}
	if err := store.SetGlobal(within(t, testTimeout), keys); err != nil {
		t.Fatal(err)
	}
	want := func(ids map[string]string, err error) {
		t.Helper()
		if err != nil || ids["ovndb-servers:term"] != "7" || ids["ovndb-servers:beat"] != "8" || len(ids) > 2000 {
			t.Errorf("got %d keys, term %q, beat %q, %v", len(ids), ids["ovndb-servers:term"], ids["ovndb-servers:beat"], err)
		}
	}
	remote, err := ovsdbctl.Open(within(t, testTimeout), asRemote(t, server), ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remote.Close)
	for _, s := range []*ovsdbctl.Store{store, remote} {
		want(s.Global(within(t, testTimeout)))
		w := startWatch(within(t, testTimeout), t, s)
		want(<-w.updates, nil)
	}
	if rows, err := store.Rows(within(t, testTimeout), "NB_Global"); err != nil || len(rows[0].Columns["external_ids"]) != len(keys) {
		t.Errorf("a whole table is not whole: %v", err)
	}
}

func TestLongListOfDatabasesIsRefused(t *testing.T) {
	t.Parallel()
	endpoint := remotePeer(t, `["OVN_Northbound","`+strings.Repeat("x", 64<<10)+`"]`, func(p peer) { p.next() })
	_, err := ovsdbctl.Open(within(t, testTimeout), endpoint, ovsdbctl.Northbound())
	if !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("got %v, want ErrProtocol", err)
	}
}

func TestLongSchemaOfAnotherNodesServerIsRefused(t *testing.T) {
	t.Parallel()
	schema := func(size int) string {
		return `{"id":2,"result":{"name":"OVN_Northbound","tables":{},"x":"` + strings.Repeat("x", size) + `"}}`
	}
	if _, err := openRemote(t, schema(1000<<10)).Schema(within(t, testTimeout)); err != nil {
		t.Errorf("1000 KiB: %v", err)
	}
	if _, err := openRemote(t, schema(1024<<10)).Schema(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("1 MiB: got %v, want ErrProtocol", err)
	}
}

// Each of the values would take some 100 bytes when it is decoded.
func TestReplyOfManyValuesIsRefusedBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("{},", 1<<20)
	global := openPeer(t, answering(`{"id":2,"result":[{"rows":[`+many+`{"external_ids":["map",[]]}]}]}`))
	if _, err := global.Global(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("rows: got %v, want ErrProtocol", err)
	}
	schema := openPeer(t, answering(`{"id":2,"result":{"name":"OVN_Northbound","tables":{},"x":[`+many+`{}]}}`))
	if _, err := schema.Schema(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("schema: got %v, want ErrProtocol", err)
	}
	rows := openPeer(t, answering(`{"id":2,"result":[{"rows":[`+strings.Repeat(`{"_uuid":["uuid","x"]},`, 1<<16)+`{"_uuid":["uuid","x"]}]}]}`))
	if got, err := rows.Rows(within(t, testTimeout), "any"); err != nil || len(got) != 1<<16+1 {
		t.Errorf("whole table: got %d rows, %v", len(got), err)
	}
}

// A lateContext has ended as soon as the peer has replied, but does not wake a waiting call.
type lateContext struct {
	context.Context //nolint:containedctx // it is a context itself
	replied         atomic.Bool
}

func (c *lateContext) Err() error {
	if c.replied.Load() {
		return context.Canceled
	}
	return c.Context.Err()
}

func TestReplyThatComesWithTheEndOfTheContextIsNotDecoded(t *testing.T) {
	t.Parallel()
	ctx := &lateContext{Context: within(t, testTimeout)}
	store := openPeer(t, func(p peer) {
		p.next()
		ctx.replied.Store(true)
		p.send(`{"id":2,"result":"not decoded"}`)
		p.next()
	})
	if _, err := store.Writable(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, ovsdbctl.ErrNoAnswer) {
		t.Errorf("got %v, want ErrNoAnswer and context.Canceled", err)
	}
}
