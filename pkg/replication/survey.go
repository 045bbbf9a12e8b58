package replication

import (
	"maps"
	"slices"
)

// Standing is what is known, on one node, of what the nodes hold.
type Survey struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Node is this node, Own what its database files hold.
	Node string
	Own  Positions
	// Others is what the other nodes said last, at their start, in an election or
	// after a demotion: they may hold more by now, and one that runs no servers
	// has said nothing.
	Others map[string]Positions
	// Promoted are the other nodes that say that they are promoted.
	Promoted []string
	// Blessed is the word an operator has given for this node's data, if it holds.
	Blessed *Blessing
}

// HoldMore returns the other nodes that, by what they said last, hold what this
// node does not.
func (s Survey) HoldMore() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.Others)), func(node string) bool {
		return !s.holdsMore(s.Others[node])
	})
}

func (s Survey) holdsMore(other Positions) bool {
	if s.Record == nil {
		return other.Compare(s.Own) > 0
	}
	theirs, ours := other.Current(*s.Record), s.Own.Current(*s.Record)
	switch {
	case theirs && ours:
		return other.CompareWithin(*s.Record, s.Own) > 0
	case theirs != ours:
		return theirs
	default:
		return other.Compare(s.Own) > 0
	}
}
