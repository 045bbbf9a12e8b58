package supervisor

import (
	"errors"
	"fmt"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
)

// From a conversion that the server refuses, as rows do not fit: no other try in this term, so that its
// snapshots do not take the places of those of discarded rows.
func TestRefusedConversionIsNotTriedAgainInItsTerm(t *testing.T) {
	t.Parallel()
	var r refusedTerm
	r.note("T1", nil)
	r.note("T1", errors.New("no answer"))
	if r != "" {
		t.Errorf("%q counts as refused", r)
	}
	r.note("T1", fmt.Errorf("cannot convert: %w", &ovsdbctl.CommandError{Method: "convert"}))
	r.note("T1", nil)
	if r != "T1" {
		t.Errorf("%q, want T1", r)
	}
}
