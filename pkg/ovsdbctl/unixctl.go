package ovsdbctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxReply bounds a reply, in bytes. Replies to the commands used here have a few hundred
// bytes; a peer that sends more than maxReply is no OVS daemon.
const maxReply = 1 << 20

// Unixctl is the control socket of an OVS daemon. The protocol is JSON-RPC 1.0, see
// lib/unixctl.c and ovs-appctl(8) of Open vSwitch. It has no state: methods may be
// called concurrently.
type Unixctl struct {
	Socket string // path
	// Peer, if set, is asked about the process that listens there before anything is sent.
	Peer PeerChecker
}

// Call runs one command and returns its output unchanged: whether the last line ends in a
// newline depends on the version of the server. A result that is not text is returned as
// JSON.
//
// Each call is one connection, one request and one reply of at most 1 MiB. The end of
// ctx closes the connection. The error is ErrNotListening, ErrNoAnswer, ErrProtocol
// or a *CommandError.
func (u Unixctl) Call(ctx context.Context, method string, params ...string) (string, error) {
	channel, err := u.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("cannot run %s on %s: %w", method, u.Socket, err)
	}
	defer channel.Close()
	return channel.Call(ctx, method, params...)
}

// Exit makes the daemon end. It returns when the daemon has accepted the command, which is
// before the process has ended. A daemon that closes the connection instead of answering
// has accepted it.
func (u Unixctl) Exit(ctx context.Context) error {
	_, err := u.Call(ctx, "exit")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// commandText returns the output of a command. Open vSwitch 3.4 wraps it into an object if
// JSON output was requested on the same connection (unixctl_command_reply in
// lib/unixctl.c).
func commandText(result json.RawMessage) string {
	var wrapped struct {
		Format string          `json:"reply-format"`
		Reply  json.RawMessage `json:"reply"`
	}
	if json.Unmarshal(result, &wrapped) == nil && wrapped.Format == "plain" {
		return plainText(wrapped.Reply)
	}
	return plainText(result)
}
