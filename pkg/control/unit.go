package control

import (
	"context"
	"errors"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
)

// Endpoint is how clients and backups reach an active server.
type Endpoint struct {
	// Protocol is "tcp" or "ssl".
	Protocol string
	// Port is the TCP port the active server listens on.
	Port uint16
	// Keys are the files by which the server and this program use TLS; "ssl" needs them.
	Keys pki.Files
	// Role limits the writes of clients to the active server (RBAC), empty for not at all.
	Role string
}

// Unit is one database of the resource on this node: its server, its files,
// and the endpoint it serves while it is active.
type Unit struct {
	Server   ovsdbctl.Server
	Files    process.ServerFiles
	Endpoint Endpoint
}

// Name returns the database's name as its schema spells it.
func (u Unit) Name() string { return u.Server.Database.Name }

// makeActive makes the unit's server writable; it listens for no client yet.
func (u Unit) makeActive(ctx context.Context) error {
	return step(ctx, "make the "+u.Name()+" server active", u.Server.ControlSocket, u.Server.Activate)
}

// openListeners makes the unit's server listen where its Connection rows say.
func (u Unit) openListeners(ctx context.Context) error {
	return step(ctx, "open the listeners of the "+u.Name()+" server", u.Server.ControlSocket, u.Server.OpenConnections)
}

// errNoDatabase is returned for a database that the resource has not.
var errNoDatabase = errors.New("the resource has no such database")

// unitOf returns the unit of a database, or errNoDatabase.
func (c *Controller) unitOf(database string) (Unit, error) {
	for _, u := range c.Units {
		if u.Name() == database {
			return u, nil
		}
	}
	return Unit{}, errNoDatabase
}

// Units returns the northbound and the southbound unit of a node whose files
// lie as layout says, of the pair of databases that it names.
func Units(layout process.Layout, northbound, southbound Endpoint) []Unit {
	north, south := ovsdbctl.Northbound(), ovsdbctl.Southbound()
	if layout.Pair == process.PairInterconnect {
		north, south = ovsdbctl.InterconnectNorthbound(), ovsdbctl.InterconnectSouthbound()
	}
	return []Unit{
		newUnit(north, layout.Northbound(), northbound),
		newUnit(south, layout.Southbound(), southbound),
	}
}

func newUnit(db ovsdbctl.Database, files process.ServerFiles, endpoint Endpoint) Unit {
	server := ovsdbctl.Server{Database: db, ControlSocket: files.ControlSocket, DataSocket: files.DataSocket, Peer: files}
	return Unit{Server: server, Files: files, Endpoint: endpoint}
}
