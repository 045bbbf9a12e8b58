// Package verify finds out whether two copies of a database hold the same rows: servers, database
// files, or one of each.
//
// Rows are matched by their UUIDs, and read in small pieces from both sides at once, so that neither
// copy is held, and no server is busy for long. A row that differs is read again for some time: one
// copy may follow the other.
//
// Compared are all columns but those that a server does not store (ephemeral ones, by which it
// reports its connections) and the row's version, which differs between servers. A column that a file
// leaves out has its default value. So has a column that only one of the schemas has. [DigestFile] stands
// for the rows of one file by the same rules.
package verify
