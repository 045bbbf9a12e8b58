// Package ovsdbctl talks to a running ovsdb-server.
//
// An ovsdb-server speaks two protocols. On its control socket it speaks unixctl, JSON-RPC
// 1.0 with commands such as "ovsdb-server/sync-status": [Unixctl] is a client for it, and
// [Server] has the commands of active-backup replication as methods that check their
// effect. On its other listeners it speaks OVSDB (RFC 7047): [Store] is a client for the
// schema and for the few rows that configure the server, the global row and the Connection
// rows.
//
// Every call takes a context and ends when the context does. A call whose context has no
// deadline waits for as long as the server keeps the connection open. Failures are
// classified by errors.Is and the sentinels of this package.
//
// A server may be a rogue or hold rows written by one: replies are bounded in size and in
// the number of their values.
//
// The package executes and reports. It decides neither which server is to be active nor
// whether its data may be trusted.
package ovsdbctl
