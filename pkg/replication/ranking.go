package replication

import (
	"maps"
	"slices"
)

// maxLag is how many beats a backup may lack and still count as fresh: one beat may be on its
// way when its source dies.
const maxLag = 1

// ranks orders nodes by their positions: each rank is compared number by number, and the greater
// one is first. Data that has seen the start of the term comes first. Of that, data that is behind
// in no database does: OVN rebuilds most of its southbound database from the northbound one,
// but not all of it, and not at once. Then the databases count in the order of their names.
//
// A rank depends on the set of nodes alone, never on who asks, and ranks are compared as
// numbers are: so there are no circles, and all voters agree.
func (e Election) ranks(r *Record, nodes []string) map[string][]uint64 {
	latest := map[string]uint64{}
	for _, node := range nodes {
		positions := e.Candidates[node].Positions
		if r == nil || !positions.Current(*r) {
			continue
		}
		for database, p := range positions {
			latest[database] = max(latest[database], p.Within(*r).Beat)
		}
	}
	ranks := map[string][]uint64{}
	for _, node := range nodes {
		ranks[node] = rank(r, e.Candidates[node].Positions, latest)
	}
	return ranks
}

func rank(r *Record, positions Positions, latest map[string]uint64) []uint64 {
	databases := slices.Sorted(maps.Keys(positions))
	if r == nil || !positions.Current(*r) {
		older := []uint64{0}
		for _, database := range databases {
			p := positions[database]
			older = append(older, p.Term, p.Progress.Beat, p.Progress.Changes)
		}
		return older
	}
	fresh, within, beyond := uint64(1), []uint64(nil), []uint64(nil)
	for _, database := range databases {
		p := positions[database]
		progress, more := p.Within(*r), Progress{}
		if p.TermID != r.TermID {
			more = p.Progress // of the promotion that was never recorded
		}
		if progress.Beat+maxLag < latest[database] {
			fresh = 0
		}
		within = append(within, progress.Beat, progress.Changes)
		beyond = append(beyond, more.Beat, more.Changes)
	}
	return slices.Concat([]uint64{1, fresh}, within, beyond)
}

// first returns the node that ranks first: self if none ranks before it, else the one whose
// name comes first of those that no other ranks before.
func first(nodes []string, self string, ranks map[string][]uint64) string {
	best := ""
	for _, node := range nodes {
		order := 1
		if best != "" {
			order = slices.Compare(ranks[node], ranks[best])
		}
		if order > 0 || order == 0 && node == self {
			best = node
		}
	}
	return best
}
