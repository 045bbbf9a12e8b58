package replication

import "slices"

// Survey is the knowledge of one node about the positions of all nodes.
type Survey struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Node is this node, Own the positions of its database files.
	Node string
	Own  Positions
	// Others are the positions that the other nodes published last, at their start or in an election:
	// they may hold more by now, and one that runs no servers has published none.
	Others map[string]Positions
	// Promoted are the other nodes that say that they are promoted.
	Promoted []string
	// Blessed is the word an operator has given for this node's data, if it holds.
	Blessed *Blessing
}

// HoldMore returns the other nodes that, by the positions that they published last, hold rows that this
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
