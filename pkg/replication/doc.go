// Package replication decides: what a record, term, position, election, verdict, score and
// admission is, and what follows from an observation. Its functions are pure. They know no
// clock, no file and no network, and the IDs they need are handed in; package control observes,
// asks them, and acts on the answer.
//
// testdata holds the decisions as scenarios that an operator can read; the model in the tests
// explores histories of a cluster and checks the invariants after each step.
package replication
