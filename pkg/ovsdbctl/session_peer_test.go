package ovsdbctl_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// peer is the other side of a session, played by a test.
type peer struct {
	net.Conn
	requests *json.Decoder
}

type peerRequest struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
	Result json.RawMessage   `json:"result"`
}

// next returns the next request of the package, false at the end of the session.
func (p peer) next() (peerRequest, bool) {
	var request peerRequest
	err := p.requests.Decode(&request)
	return request, err == nil
}

func (p peer) send(text string) { _, _ = io.WriteString(p, text) }

// openPeer opens a Store to a server that has the northbound database and is then played by
// play. The session ends when play returns.
func openPeer(tb testing.TB, play func(peer)) *ovsdbctl.Store {
	tb.Helper()
	socket := ovsdbctltest.Fake(tb, func(conn net.Conn, _ ovsdbctltest.Request) {
		p := peer{Conn: conn, requests: json.NewDecoder(conn)}
		p.send(`{"id":1,"result":["_Server","OVN_Northbound"],"error":null}`)
		play(p)
	})
	ctx, cancel := context.WithTimeout(tb.Context(), testTimeout)
	defer cancel()
	store, err := ovsdbctl.Open(ctx, "unix:"+socket, ovsdbctl.Northbound())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(store.Close)
	return store
}

// answering answers one request with exactly text, and keeps the session open.
func answering(text string) func(peer) {
	return func(p peer) {
		p.next()
		p.send(text)
		_, _ = io.Copy(io.Discard, p)
	}
}

func hangingUp(text string) func(peer) {
	return func(p peer) {
		p.next()
		p.send(text)
	}
}
