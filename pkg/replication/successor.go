package replication

import (
	"fmt"
	"slices"
	"strings"
)

// Successors is the input of the decision which node can take the role from one that leads, before
// that is demoted.
type Successors struct {
	// Record is the record of the node that leads.
	Record Record
	// Freshness is the one that the backups have published in the term of the record.
	Freshness map[string]Freshness
	// Unable are the nodes that the cluster cannot promote, with the reason.
	Unable map[string]string
	// Held are the positions that the nodes published last. They may hold more by now.
	Held map[string]Positions
}

// Obstacle is why a node cannot take the role at once; empty if it can.
func (s Successors) Obstacle(node string) string {
	freshness, known := s.Freshness[node]
	switch {
	case node == s.Record.Node:
		return "it leads already"
	case s.Unable[node] != "":
		return s.Unable[node]
	case !known:
		return "it has not said whether it is up to date"
	case freshness != FreshnessFresh:
		return fmt.Sprintf("it is behind node %s", s.Record.Node)
	case !s.Record.HasMember(node):
		return fmt.Sprintf("it was behind when node %s last compared it; up to date are: %s", s.Record.Node, strings.Join(s.Record.Members, ", "))
	default:
		return ""
	}
}

// Best returns the node that holds most of those that can take the role; empty if there is none.
func (s Successors) Best() string {
	e := Election{Candidates: map[string]Candidate{}}
	var nodes []string
	for node := range s.Freshness {
		if s.Obstacle(node) == "" {
			nodes = append(nodes, node)
			e.Candidates[node] = Candidate{Positions: s.Held[node]}
		}
	}
	slices.Sort(nodes)
	return first(nodes, "", e.ranks(&s.Record, nodes))
}
