package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path"
	"strings"

	"ovndb-servers/integration/ovsdb"
)

// Endpoint returns where clients reach a database: at the virtual IP.
func (c *Cluster) Endpoint(db ovsdb.Database) string {
	return net.JoinHostPort(c.vip.String(), db.Port)
}

// StartWriter starts a writer to a database through the virtual IP.
func (c *Cluster) StartWriter(ctx context.Context, db ovsdb.Database, prefix string) *ovsdb.Writer {
	return ovsdb.StartWriter(ctx, c.Endpoint(db), db, prefix)
}

// Insert adds a row of that name through the virtual IP.
func (c *Cluster) Insert(ctx context.Context, db ovsdb.Database, name string) error {
	client, err := ovsdb.Dial(ctx, c.Endpoint(db))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return client.Insert(ctx, db, name)
}

// Names lists the names of the rows that clients see at the virtual IP.
func (c *Cluster) Names(ctx context.Context, db ovsdb.Database) ([]string, error) {
	client, err := ovsdb.Dial(ctx, c.Endpoint(db))
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return client.Names(ctx, db)
}

// NamesOn lists the names of the rows in a node's own server, asked at its socket.
func (c *Cluster) NamesOn(ctx context.Context, node string, db ovsdb.Database) ([]string, error) {
	reply, err := c.transactOn(ctx, node, db, db.Select())
	if err != nil {
		return nil, err
	}
	return ovsdb.Names(reply)
}

// InsertOn tries to add a row of that name to a node's own server.
func (c *Cluster) InsertOn(ctx context.Context, node string, db ovsdb.Database, name string) error {
	reply, err := c.transactOn(ctx, node, db, db.Insert(name))
	if err != nil {
		return err
	}
	_, err = ovsdb.Names(reply)
	return err
}

// transactOn runs a transaction in a node, through its server's socket. A server of a RAFT cluster
// need not lead.
func (c *Cluster) transactOn(
	ctx context.Context, node string, db ovsdb.Database, operation ovsdb.Operation,
) ([]byte, error) {
	transaction, err := json.Marshal(db.Transaction(operation))
	if err != nil {
		return nil, fmt.Errorf("cannot encode a transaction: %w", err)
	}
	text, err := c.MustExec(ctx, node, "ovsdb-client", "--timeout=10", "--no-leader-only", "transact", "unix:"+db.Socket, string(transaction))
	return []byte(text), err
}

// Kept returns the names of the rows in a node's snapshots of a database, whichever resource runs it; a
// row that more than one snapshot has is named more than once.
func (c *Cluster) Kept(ctx context.Context, node string, db ovsdb.Database) ([]string, error) {
	found, err := c.Exec(ctx, node, "find", path.Dir(StateDir), "-path", "*/snapshots/*", "-name", db.Name+".*.db")
	if err != nil {
		return nil, err
	}
	query, err := json.Marshal(db.Transaction(db.Select()))
	if err != nil {
		return nil, err
	}
	var kept []string
	for file := range strings.FieldsSeq(found.Stdout) {
		reply, err := c.MustExec(ctx, node, "ovsdb-tool", "query", file, string(query))
		if err != nil {
			return nil, err
		}
		names, err := ovsdb.Names([]byte(reply))
		if err != nil {
			return nil, err
		}
		kept = append(kept, names...)
	}
	return kept, nil
}
