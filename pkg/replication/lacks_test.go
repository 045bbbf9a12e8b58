package replication_test

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestNodeLacksTheDatabaseThatEndsBeforeTheEndOfTheTerm(t *testing.T) {
	t.Parallel()
	at := func(changes uint64) replication.Position {
		return replication.Position{TermID: "t", Term: 1, Progress: replication.Progress{Beat: 3, Changes: changes, Possible: changes}}
	}
	record := &replication.Record{
		Term: 1, TermID: "t", Node: "node1", End: replication.Positions{"NB": at(4), "SB": at(2)},
	}
	held := replication.Positions{"NB": at(4), "SB": at(1)}
	for database, want := range map[string]bool{"NB": false, "SB": true, "IC": false} {
		if got := record.Lacks("node2", held, database); got != want {
			t.Errorf("it lacks a part of %s: %v, want %v", database, got, want)
		}
	}
	if !record.Lacks("node2", nil, "NB") {
		t.Error("a node without data lacks nothing")
	}
}
