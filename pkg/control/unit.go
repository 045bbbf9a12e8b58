package control

import (
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
)

// Endpoint is how clients and backups reach an active server.
type Endpoint struct {
	// Protocol is "tcp" or "ssl".
	Protocol string
	// Port is the TCP port the active server listens on.
	Port uint16
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

// Pidfile returns the pidfile that the unit's server locks while it lives.
func (u Unit) Pidfile() process.Pidfile { return process.Pidfile(u.Files.Pidfile) }

// Units returns the northbound and the southbound unit of a node whose files
// lie as layout says.
func Units(layout process.Layout, northbound, southbound Endpoint) []Unit {
	return []Unit{
		newUnit(ovsdbctl.Northbound(), layout.Northbound(), northbound),
		newUnit(ovsdbctl.Southbound(), layout.Southbound(), southbound),
	}
}

func newUnit(db ovsdbctl.Database, files process.ServerFiles, endpoint Endpoint) Unit {
	server := ovsdbctl.Server{Database: db, ControlSocket: files.ControlSocket, DataSocket: files.DataSocket}
	return Unit{Server: server, Files: files, Endpoint: endpoint}
}
