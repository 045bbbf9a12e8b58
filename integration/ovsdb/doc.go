// Package ovsdb is a client of OVN's databases for tests: a [Client] that sends
// transactions, and a [Writer] that keeps writing through failures and remembers
// what was acknowledged.
package ovsdb
