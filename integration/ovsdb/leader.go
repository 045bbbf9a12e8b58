package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNotLeader ends a session with a server that does not lead its RAFT cluster.
var ErrNotLeader = errors.New("the server does not lead its cluster")

// RequireLeader returns [ErrNotLeader] unless the server leads the database's RAFT cluster. If it
// does not any more later on, the next request ends the session with that error. OVN's clients do
// the same (ovsdb_cs_check_server_db in lib/ovsdb-cs.c): they monitor the database _Server.
func (c *Client) RequireLeader(ctx context.Context, db Database) error {
	c.leads = db.Name
	tables := map[string]any{"Database": map[string]any{"columns": []string{"name", "leader", "connected"}}}
	reply, err := c.call(ctx, "monitor", []any{"_Server", "leader", tables})
	if err != nil {
		return fmt.Errorf("cannot ask whether the server leads: %w", err)
	}
	leads, err := leads(reply, c.leads)
	if err != nil {
		return err
	}
	if leads == nil || !*leads {
		return ErrNotLeader
	}
	return nil
}

// notified returns [ErrNotLeader] if a notification says that the server does not lead any more
// where it has to.
func (c *Client) notified(received message) error {
	if c.leads == "" || received.Method != "update" {
		return nil // No request here asks for another one.
	}
	var parameters []json.RawMessage
	if err := json.Unmarshal(received.Params, &parameters); err != nil || len(parameters) != 2 {
		return fmt.Errorf("cannot read an update of _Server: %s", received.Params)
	}
	leads, err := leads(parameters[1], c.leads)
	if err == nil && leads != nil && !*leads {
		err = ErrNotLeader
	}
	return err
}

// leads reads from updates of _Server whether the server leads a database, and is connected to a
// majority of its cluster; nil if they do not say. A row that is updated comes with all columns.
func leads(updates json.RawMessage, name string) (*bool, error) {
	var tables struct {
		Database map[string]struct {
			New *struct {
				Name              string
				Leader, Connected bool
			}
		}
	}
	if err := json.Unmarshal(updates, &tables); err != nil {
		return nil, fmt.Errorf("cannot read an update of _Server: %w", err)
	}
	for _, row := range tables.Database {
		if row.New != nil && row.New.Name == name {
			leads := row.New.Leader && row.New.Connected
			return &leads, nil
		}
	}
	return nil, nil //nolint:nilnil // The updates concern other databases.
}
