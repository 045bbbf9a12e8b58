// Package ovsdbfile reads the database files of standalone OVSDB servers without a
// server: the log format of ovsdb(5), which ovsdb/log.c and ovsdb/file.c of Open
// vSwitch write and read.
//
// A file is a series of records, each a header line with the length and the SHA-1 of
// the JSON that follows. The first record is the schema, each later one is a
// transaction. [Reader] hands out verified records; [Summarize] says what a server
// that opened the file would hold of interest: the global row's external_ids, how many
// transactions came after one of its keys changed, and how many rows there are.
//
// As a server does, the package reads up to the first byte that makes no sense and
// takes what is before it as the content. Where that is, a [TornError] says. This
// makes it safe on the file of a running server: a record that is half written is a
// tail, not a failure. A server that compacts its database renames a new file over the
// old one; a reader goes on with the file that it opened.
//
// A [Follower] reads only what has been appended since it read last, and a [Checkpoint]
// lets another process go on from where one has come to.
//
// Nothing is locked and nothing is written. Clustered databases are recognised and
// refused.
package ovsdbfile
