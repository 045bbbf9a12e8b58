package control_test

import (
	"testing"

	"ovndb-servers/pkg/control"
)

// From a trio that node1 leads: a record that is still the same, or of the term that the node leads itself, is no
// change for a supervisor, nor is any record where the cluster leaves the node alone, or did so.
func TestNothingHasChangedWhereTheRecordIsKnownAndTheClusterManagesTheNode(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	same, other := control.SupervisorState{Record: record.String()}, control.SupervisorState{Record: "7 id7 node3"}
	unmanaged := same
	unmanaged.Unmanaged = true
	check := func(name string, node int, known control.SupervisorState, want bool) {
		t.Helper()
		if got := three.nodes[node].Unchanged(testContext(t), known); got != want {
			t.Errorf("%s: unchanged %v, want %v", name, got, want)
		}
	}
	check("the same record", 0, same, true)
	check("the record of the own term", 0, other, true)
	check("another record, on a backup", 1, other, false)
	check("a node that was left alone", 0, unmanaged, false)
	three.SetUnmanaged("node1")
	check("a node that is left alone", 0, same, false)
}
