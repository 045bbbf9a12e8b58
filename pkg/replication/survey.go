package replication

import "slices"

// Survey is what is known, on one node, of what the nodes hold.
type Survey struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Node is this node, Own what its database files hold.
	Node string
	Own  Positions
	// Others is what the other nodes said last, at their start or in an election: they may hold
	// more by now, and one that runs no servers has said nothing.
	Others map[string]Positions
	// Promoted are the other nodes that say that they are promoted.
	Promoted []string
	// Blessed is the word an operator has given for this node's data, if it holds.
	Blessed *Blessing
}

// HoldMore returns the other nodes that, by what they said last, hold what this
// node does not.
func (s Survey) HoldMore() []string {
	e := Election{Record: s.Record, Self: s.Node, Candidates: map[string]Candidate{s.Node: {Positions: s.Own}}}
	for node, positions := range s.Others {
		e.Candidates[node] = Candidate{Positions: positions}
	}
	nodes := e.present()
	ranks := e.ranks(s.Record, nodes)
	return slices.DeleteFunc(nodes, func(node string) bool { return slices.Compare(ranks[node], ranks[s.Node]) <= 0 })
}
