package ovsdbctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
)

// A Channel is a connection to the control socket of an OVS daemon that serves one command after
// the other (process_command in lib/unixctl.c of Open vSwitch). It does not reconnect: the first
// failure ends it. Methods may be called concurrently.
type Channel struct {
	socket string

	mu      sync.Mutex
	conn    net.Conn
	replies *messages
	last    int // id of a request
	err     error
}

// Open connects to the control socket. ctx covers the opening only; the caller closes the Channel.
// The error is ErrNotListening or ErrNoAnswer.
func (u Unixctl) Open(ctx context.Context) (*Channel, error) {
	conn, err := dialSocket(ctx, u.Socket, u.Peer)
	if err != nil {
		return nil, err
	}
	return &Channel{socket: u.Socket, conn: conn, replies: newMessages(conn, func() int64 { return maxReply })}, nil
}

// Call is [Unixctl.Call] on this connection, which the end of ctx closes.
func (c *Channel) Call(ctx context.Context, method string, params ...string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		var reply *message
		if reply, c.err = c.exchange(ctx, method, params); c.err == nil {
			if text, refused := reply.refusal(); refused {
				return "", &CommandError{Socket: c.socket, Method: method, Message: text}
			}
			return commandText(reply.Result), nil
		}
		_ = c.conn.Close()
	}
	return "", fmt.Errorf("cannot run %s on %s: %w", method, c.socket, c.err)
}

// Close ends the connection. It may be called more than once, and waits for a call.
func (c *Channel) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.Close()
	if c.err == nil {
		c.err = fmt.Errorf("%w: %w", ErrNoAnswer, net.ErrClosed)
	}
}

func (c *Channel) exchange(ctx context.Context, method string, params []string) (*message, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer stop()
	c.last++
	command := request{ID: c.last, Method: method, Params: append([]string{}, params...)}
	if err := json.NewEncoder(c.conn).Encode(command); err != nil {
		return nil, sessionError(ctx, err)
	}
	reply, err := c.replies.next()
	if err != nil {
		return nil, sessionError(ctx, err)
	}
	switch id, ok := reply.number(); {
	case !ok || id != c.last:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, errForeignReply)
	case absent(reply.Result) && absent(reply.Error):
		return nil, fmt.Errorf("%w: %w", ErrProtocol, errEmptyReply)
	default:
		return reply, nil
	}
}
