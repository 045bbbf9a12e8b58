package replication

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// adopt decides where no data was ever promoted under this agent, as far as the nodes say that take part: the one
// with content leads. Where all are empty and there has been a term, the other nodes may hold its data.
func (e Election) adopt() Decision {
	contents := e.contents()
	for _, database := range slices.Sorted(maps.Keys(contents)) {
		if digests := contents[database]; len(digests) > 1 {
			return Decision{Rule: RuleContent, Reason: fmt.Sprintf(
				"the nodes hold %d different contents of %s, and nothing tells which is right: choose one with: ovndb-servers bless (%s)",
				len(digests), database, e.Summary())}
		}
	}
	if missing := e.missing(); len(contents) == 0 && e.Known > 0 && len(missing) > 0 {
		return Decision{Rule: RuleMajority, Reason: fmt.Sprintf(
			"the databases here are empty, the cluster has lost its record, and there has been a term %d: start node %s, or have this node lead with: ovndb-servers bless",
			e.Known, strings.Join(missing, ", "))}
	}
	full := slices.DeleteFunc(e.present(), func(node string) bool {
		for database := range contents {
			if e.Candidates[node].Positions[database].Content == "" {
				return true
			}
		}
		return !e.able(node)
	})
	switch {
	case slices.Contains(full, e.Self):
		return Decision{Lead: true, Rule: RuleContent}
	case len(full) == 0:
		return Decision{Rule: RuleContent, Reason: "no single node that can lead holds content in all databases: choose one with: ovndb-servers bless (" + e.Summary() + ")"}
	default:
		return Decision{Yield: full[0], Rule: RuleContent, Reason: fmt.Sprintf("node %s holds content and this node does not", full[0])}
	}
}

// contents returns the distinct contents of each database that has some.
func (e Election) contents() map[string][]string {
	all := map[string][]string{}
	for _, node := range e.present() {
		for database, p := range e.Candidates[node].Positions {
			if p.Content != "" && !slices.Contains(all[database], p.Content) {
				all[database] = append(all[database], p.Content)
			}
		}
	}
	return all
}

// Summary lists the positions of each node, for a person.
func (e Election) Summary() string {
	var all []string
	for _, node := range slices.Sorted(maps.Keys(e.Candidates)) {
		all = append(all, node+": "+e.Candidates[node].Positions.Summary())
	}
	return strings.Join(all, "; ")
}
