package ovsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
)

// Client is one session with an ovsdb-server. It is for one goroutine.
type Client struct {
	conn    net.Conn
	decoder *json.Decoder
	next    int
	// leads is the database whose RAFT cluster the server has to lead, empty if it need not.
	leads string
}

// message is a JSON-RPC request, notification or response.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// Dial connects to a server's TCP address.
func Dial(ctx context.Context, address string) (*Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to ovsdb-server: %w", err)
	}
	return &Client{conn: conn, decoder: json.NewDecoder(conn)}, nil
}

// Close ends the session.
func (c *Client) Close() error { return c.conn.Close() }

// Insert adds a row of that name. When it returns nil the server has acknowledged
// it; after a [*RefusedError] the row was not added; after any other error it may have
// been, and the session cannot be used any more.
func (c *Client) Insert(ctx context.Context, db Database, name string) error {
	reply, err := c.transact(ctx, db.Transaction(db.Insert(name)))
	if err != nil {
		return fmt.Errorf("cannot insert %s: %w", name, err)
	}
	if _, err := parseReply(reply); err != nil {
		return fmt.Errorf("cannot insert %s: %w", name, err)
	}
	return nil
}

// Names lists the names of all rows.
func (c *Client) Names(ctx context.Context, db Database) ([]string, error) {
	reply, err := c.transact(ctx, db.Transaction(db.Select()))
	if err != nil {
		return nil, fmt.Errorf("cannot list the rows of %s: %w", db.Table, err)
	}
	return Names(reply)
}

// Transact carries out operations in one transaction. It returns as [Client.Insert]
// does.
func (c *Client) Transact(ctx context.Context, db Database, operations ...Operation) error {
	reply, err := c.transact(ctx, db.Transaction(operations...))
	if err != nil {
		return fmt.Errorf("cannot carry out a transaction on %s: %w", db.Name, err)
	}
	if _, err := parseReply(reply); err != nil {
		return fmt.Errorf("cannot carry out a transaction on %s: %w", db.Name, err)
	}
	return nil
}

// transact sends a transaction and waits for its result.
func (c *Client) transact(ctx context.Context, parameters []any) (json.RawMessage, error) {
	return c.call(ctx, "transact", parameters)
}

// call sends a request and waits for its result.
func (c *Client) call(ctx context.Context, method string, parameters []any) (json.RawMessage, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer stop()
	c.next++
	request := map[string]any{"id": c.next, "method": method, "params": parameters}
	if err := json.NewEncoder(c.conn).Encode(request); err != nil {
		return nil, c.fail(ctx, err)
	}
	for {
		var received message
		if err := c.decoder.Decode(&received); err != nil {
			return nil, c.fail(ctx, err)
		}
		if received.Method == "echo" {
			reply := map[string]any{"id": received.ID, "result": received.Params, "error": nil}
			if err := json.NewEncoder(c.conn).Encode(reply); err != nil {
				return nil, c.fail(ctx, err)
			}
			continue
		}
		if received.Method != "" {
			if err := c.notified(received); err != nil {
				return nil, c.fail(ctx, err)
			}
			continue
		}
		if len(received.Error) > 0 && string(received.Error) != "null" {
			return nil, &RefusedError{Reason: string(received.Error)}
		}
		return received.Result, nil
	}
}

// fail closes the session and returns why it has ended.
func (c *Client) fail(ctx context.Context, err error) error {
	_ = c.conn.Close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
