package replication

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Freshness is the judgement of the active's supervisor on a backup. How long a backup has to be
// behind or fresh for it is the supervisor's to say.
type Freshness int

// The kinds of freshness.
const (
	// FreshnessUnsettled changes nothing: the backup has been behind, or fresh, for a moment.
	FreshnessUnsettled Freshness = iota
	// FreshnessFresh takes the backup into the members.
	FreshnessFresh
	// FreshnessStale removes it: it is behind, away, or cannot follow.
	FreshnessStale
)

// WithFreshness returns the record with the members that follow from the known freshness of the
// backups. A node whose freshness is not known stays a member or none, the node that leads is always
// a member, and where the members were not known they are all that are not stale.
func (r Record) WithFreshness(known map[string]Freshness) Record {
	members := []string{r.Node}
	for _, node := range slices.Sorted(maps.Keys(known)) {
		stays := r.Members == nil || slices.Contains(r.Members, node)
		if known[node] == FreshnessFresh || known[node] == FreshnessUnsettled && stays {
			members = append(members, node)
		}
	}
	for _, node := range r.Members {
		if _, found := known[node]; !found {
			members = append(members, node)
		}
	}
	slices.Sort(members)
	r.Members = slices.Compact(members)
	return r
}

// HasMember reports whether a node may lead as far as the members go.
func (r *Record) HasMember(node string) bool {
	return r.Members == nil || slices.Contains(r.Members, node)
}

// OtherMembers returns the members besides the node that leads; none where the members are not known.
func (r *Record) OtherMembers() []string {
	return slices.DeleteFunc(slices.Clone(r.Members), func(node string) bool { return node == r.Node })
}

// Lacks reports whether a node's data may lack a part of what the record's node wrote into a database before
// it was demoted as planned.
func (r *Record) Lacks(node string, held Positions, database string) bool {
	_, ended := r.End[database]
	return ended && !held.holdsEnd(*r, node, database)
}

// Bars returns why a node's data must not lead after the record's term; empty if it may. r may
// be nil: then no record bars any data.
func (r *Record) Bars(node string, held Positions) string {
	switch {
	case r == nil:
		return ""
	case !held.Current(*r):
		return fmt.Sprintf("its data has not seen the start of term %d%s (%s)", r.Term, r.led(), held.Summary())
	case len(r.End) > 0 && !held.holds(*r, node):
		return fmt.Sprintf("its data (%s) lacks what node %s wrote last before it was demoted (%s)",
			held.Summary(), r.Node, r.End.Summary())
	case len(r.End) == 0 && !r.HasMember(node):
		return fmt.Sprintf("it was behind when it was last compared with node %s, which led term %d; up to date were: %s",
			r.Node, r.Term, strings.Join(r.Members, ", "))
	default:
		return ""
	}
}
