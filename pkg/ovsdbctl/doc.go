// Package ovsdbctl talks to a running ovsdb-server.
//
// An ovsdb-server has two faces. On its control socket it speaks unixctl,
// JSON-RPC 1.0 with commands such as "ovsdb-server/sync-status": [Unixctl] is a
// client for it, and [Server] puts the commands of active-backup replication into
// methods that are checked for their effect. On its other listeners it speaks OVSDB
// (RFC 7047): [Store] is a client for the few rows that belong to the server
// itself, the global row and the Connection rows.
//
// Every call takes a context and ends when the context does. A call whose context
// has no deadline waits for as long as the server keeps the connection open.
// Failures are told apart with errors.Is and the sentinels of this package.
//
// The package acts and reports. It does not decide: which server is to be active,
// and whether its data may be trusted, is for the caller to know.
package ovsdbctl
