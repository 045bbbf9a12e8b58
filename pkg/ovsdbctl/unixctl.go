package ovsdbctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// maxReply bounds a reply, in bytes. The largest one of those used here is a few
// hundred bytes; a peer that sends more than this is not an OVS daemon.
const maxReply = 1 << 20

// requestID is the id of the only request of a connection.
const requestID = 1

// Unixctl is the control socket of an OVS daemon. The protocol is JSON-RPC 1.0, see
// lib/unixctl.c and ovs-appctl(8) of Open vSwitch. It has no state: methods may be
// called concurrently.
type Unixctl struct {
	Socket string // path
}

// Call runs one command and returns the text it printed, as it came: whether the last
// line ends in a newline depends on the version of the server. A result that is
// not text is returned as JSON.
//
// Each call is one connection, one request and one reply of at most 1 MiB. The end of
// ctx closes the connection. The error is ErrNotListening, ErrNoAnswer, ErrProtocol
// or a *CommandError.
func (u Unixctl) Call(ctx context.Context, method string, params ...string) (string, error) {
	reply, err := u.exchange(ctx, method, params)
	if err != nil {
		return "", fmt.Errorf("cannot run %s on %s: %w", method, u.Socket, err)
	}
	if message, refused := reply.failure(); refused {
		return "", &CommandError{Socket: u.Socket, Method: method, Message: message}
	}
	return reply.text(), nil
}

// Exit asks the daemon to end. It returns when the daemon has agreed, which is before
// it has gone; one that closes the connection instead of answering has agreed.
func (u Unixctl) Exit(ctx context.Context) error {
	_, err := u.Call(ctx, "exit")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (u Unixctl) exchange(ctx context.Context, method string, params []string) (*unixctlReply, error) {
	conn, err := dialUnix(ctx, u.Socket)
	if err != nil {
		return nil, err
	}
	closed := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if closed() {
			_ = conn.Close()
		}
	}()
	if err := sendRequest(conn, method, params); err != nil {
		return nil, sessionError(ctx, err)
	}
	return receiveReply(ctx, conn)
}

type unixctlRequest struct {
	ID     int      `json:"id"`
	Method string   `json:"method"`
	Params []string `json:"params"` // never null: the server insists on an array
}

func sendRequest(conn net.Conn, method string, params []string) error {
	request := unixctlRequest{ID: requestID, Method: method, Params: append([]string{}, params...)}
	return json.NewEncoder(conn).Encode(request)
}

func receiveReply(ctx context.Context, conn net.Conn) (*unixctlReply, error) {
	bounded := &io.LimitedReader{R: conn, N: maxReply + 1}
	var reply unixctlReply
	err := json.NewDecoder(bounded).Decode(&reply)
	switch {
	case err != nil && bounded.N <= 0:
		return nil, fmt.Errorf("%w: reply is larger than %d bytes", ErrProtocol, maxReply)
	case err != nil:
		return nil, sessionError(ctx, err)
	case reply.ID == nil || *reply.ID != requestID:
		return nil, fmt.Errorf("%w: reply carries the id of another request", ErrProtocol)
	case reply.Result == nil && reply.Error == nil:
		return nil, fmt.Errorf("%w: reply has neither result nor error", ErrProtocol)
	}
	return &reply, nil
}

// A unixctlReply is a JSON-RPC 1.0 response. Its members are nil if absent or null.
type unixctlReply struct {
	ID     *int `json:"id"`
	Result any  `json:"result"`
	Error  any  `json:"error"`
}

func (r *unixctlReply) failure() (message string, refused bool) {
	return plain(r.Error), r.Error != nil
}

// text returns the result. Open vSwitch 3.4 wraps text into an object if JSON was
// asked for on the same connection (unixctl_command_reply in lib/unixctl.c).
func (r *unixctlReply) text() string {
	if object, ok := r.Result.(map[string]any); ok && object["reply-format"] == "plain" {
		return plain(object["reply"])
	}
	return plain(r.Result)
}

// plain returns a string as it is and any other JSON value as JSON.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil { // cannot be: value was decoded from JSON
		return fmt.Sprint(value)
	}
	return string(encoded)
}
