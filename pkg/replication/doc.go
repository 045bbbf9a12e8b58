// Package replication decides. It defines record, term, position, election, verdict, score and
// admission, and draws the conclusions from an observation. Its functions are pure. They know no
// clock, no file and no network, and the IDs they need are handed in; package control observes,
// asks them, and acts on the answer.
//
// testdata/decisions holds the decisions as scenarios that an operator can read; the model in the
// tests explores histories of a cluster, and testdata/histories holds some. The model shows that
// the decisions rest on these duties of a node:
//
//   - The record changes by compare-and-swap, after [Record.Succeeds].
//   - Before the record of a term is swapped in, the node's own term is in its state, and then the
//     markers are in the databases, both on disk. Between the two, its servers count as writable
//     without leading. After the swap, beat [BeatRecorded] is written before a listener opens.
//   - Before the end of a term is swapped in, the databases are read-only and on disk.
//   - A marker that is written back is on disk at once. The next beat is beyond both the last one
//     that the node knows of and the one that it finds.
//   - Servers are made active in place only in the boot in which they were promoted.
//   - A server found active without leading is parked, and that it was is on disk before; it is
//     forgotten once the server follows again or the markers of a new term are written.
//   - A server is parked before its source is questioned, and before it answers an election if its
//     source is gone.
package replication
