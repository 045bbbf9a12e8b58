package replication_test

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

// Node a leads, with the members a, b, c and d.
func successors() replication.Successors {
	const fresh = replication.FreshnessFresh
	held := func(beat uint64) replication.Positions {
		return replication.Positions{"NB": {Lineage: "L", Term: 2, TermID: "t2", Progress: replication.Progress{Beat: beat}}}
	}
	return replication.Successors{
		Record:    replication.Record{Term: 2, TermID: "t2", Node: "a", Members: []string{"a", "b", "c", "d"}},
		Freshness: map[string]replication.Freshness{"b": fresh, "c": fresh, "d": fresh, "e": fresh, "f": replication.FreshnessStale},
		Unable:    map[string]string{"d": "in standby"},
		Held:      map[string]replication.Positions{"b": held(3), "c": held(4), "d": held(9), "e": held(9)},
	}
}

func TestASuccessorIsFreshAMemberAndAble(t *testing.T) {
	t.Parallel()
	for node, want := range map[string]string{
		"a": "it leads already", "b": "", "c": "", "d": "in standby",
		"e": "it was behind when node a last compared it; up to date are: a, b, c, d",
		"f": "it is behind node a", "g": "it has not said whether it is up to date",
	} {
		if got := successors().Obstacle(node); got != want {
			t.Errorf("node %s: %q, want %q", node, got, want)
		}
	}
}

func TestTheBestSuccessorHoldsMostOfThoseThatCanLead(t *testing.T) {
	t.Parallel()
	s := successors()
	if got := s.Best(); got != "c" {
		t.Errorf("%q, want c, which holds more than b", got)
	}
	s.Held = nil
	if got := s.Best(); got != "b" {
		t.Errorf("%q, want b, the first of equals", got)
	}
	s.Freshness = nil
	if got := s.Best(); got != "" {
		t.Errorf("%q, and none is known to be fresh", got)
	}
}
