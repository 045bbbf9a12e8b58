// Package ovsdbfile reads the database files of standalone OVSDB servers without a
// server: the log format of ovsdb(5), which ovsdb/log.c and ovsdb/file.c of Open
// vSwitch write and read.
//
// A file is a series of records, each a header line with the length and the SHA-1 of
// the JSON that follows. The first record is the schema, each later one is a
// transaction. A [Reader] returns verified records. A [Follower] summarizes the content
// that a server that opened the file would have: the global row's external_ids, how many
// rows changed after one of its keys did, and how many rows there are. It reads only the
// records appended since its last call; a [Checkpoint] lets another process go on from
// there.
//
// As a server does, the package reads up to the first record that is not valid and takes
// the records before it as the content; a [TornError] names the place. This makes it safe
// on the file of a running server: a record that is half written is a tail, not a failure.
// A server that compacts its database renames a new file over the old one; a Reader goes
// on with the file that it opened.
//
// Nothing is locked and nothing is written. Clustered databases are recognised and
// refused.
package ovsdbfile
