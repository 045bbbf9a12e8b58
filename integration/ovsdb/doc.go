// Package ovsdb is a client of OVN's databases for tests: a [Client] that sends
// transactions, and a [Writer] that keeps writing through failures and records the
// acknowledged rows.
//
// It shares no code with the client in ovndb-servers/pkg/ovsdbctl, nor with libovsdb, on
// purpose: it is the oracle that says which rows a server acknowledged and which it has.
// A fault in the program's own client must not hide a lost row from the tests.
// The protocol is RFC 7047's.
package ovsdb
