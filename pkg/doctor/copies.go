package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// Copy is a directory with databases, and what can be read of them.
type Copy struct {
	process.DatabaseCopy

	Holds replication.Positions
}

// checkCopies says which of several copies of the databases is newer.
func checkCopies(f Facts) []Finding {
	if len(f.Copies) < 2 {
		return nil
	}
	copies := slices.Clone(f.Copies)
	reason := "by the times of the files"
	if slices.ContainsFunc(copies[1:], func(c Copy) bool { return c.compare(copies[0]) != 0 }) {
		slices.SortStableFunc(copies, func(a, b Copy) int { return b.compare(a) })
		reason = "by the terms and beats in them"
	}
	var all []string
	for _, c := range copies {
		held := ""
		if len(c.Holds) > 0 {
			held = " (" + c.Holds.Summary() + ")"
		}
		all = append(all, fmt.Sprintf("%s, written %s%s", strings.Join(c.Databases, " and "), c.Written.UTC().Format(time.RFC3339), held))
	}
	which := fmt.Sprintf("%s is newer %s", copies[0].Directory, reason)
	if copies[0].compare(copies[1]) == 0 && copies[0].Written.Equal(copies[1].Written) {
		which = "none is newer by terms, beats or times"
	}
	return []Finding{{
		Severity: Problem, Command: copies[len(copies)-1].MoveAway(),
		Text: fmt.Sprintf("%v, and the resource does not start here: %s; %s. Move away those that are not wanted, or name the right directory by the parameter ovn_dbdir, "+
			"if it is the same on all nodes", process.ErrAmbiguousLayout, strings.Join(all, "; "), which),
	}}
}

// compare orders copies of one history by their northbound, then southbound database. Others, and what
// holds no term, are equal.
func (c Copy) compare(other Copy) int {
	for _, database := range slices.Sorted(maps.Keys(c.Holds)) {
		a, b := c.Holds[database], other.Holds[database]
		if !a.Marked() || a.Lineage != b.Lineage {
			continue
		}
		if order := cmp.Or(cmp.Compare(a.Term, b.Term), a.Progress.Compare(b.Progress)); order != 0 {
			return order
		}
	}
	return 0
}
