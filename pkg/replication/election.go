package replication

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Ballot is all that an election is decided on: the cluster record and what
// each node that takes part holds.
type Election struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Self is the node Pacemaker has chosen.
	Self string
	// Positions are those of all nodes that take part, Self among them.
	Candidates map[string]Positions
	// Absent are the nodes of the resource that take no part.
	Absent []string
	// Blessed says that an operator has allowed this node's data to lead.
	Blessed bool
}

// Choice is the outcome of an election for the node that was chosen.
type Decision struct {
	// Lead says that this node may be promoted.
	Lead bool
	// Yield names the node that should be, if it is another one.
	Yield string
	// Reason says why this node may not lead.
	Reason string
}

// Elect decides whether the chosen node may lead. Data that has not seen the
// start of the recorded term never leads (unless blessed), and among the data
// that has, the one that holds most does.
func Elect(b Election) Decision {
	switch {
	case b.Blessed:
		return Decision{Lead: true}
	case b.Record != nil:
		return b.amongCurrent(*b.Record)
	case b.anyMarked():
		return b.withoutRecord()
	default:
		return b.adopt()
	}
}

func (b Election) anyMarked() bool {
	for _, positions := range b.Candidates {
		if positions.Term() > 0 {
			return true
		}
	}
	return false
}

func (b Election) amongCurrent(r Record) Decision {
	best := b.best(
		func(p Positions) bool { return p.Current(r) },
		func(p, q Positions) int { return p.CompareWithin(r, q) })
	switch {
	case best == "":
		return Decision{Reason: fmt.Sprintf(
			"no node that takes part has data of term %d, which node %s led: start that node, or a node that followed it, "+
				"or let this node's older data lead with: ovndb-servers bless", r.Term, r.Node)}
	case best != b.Self:
		return Decision{Yield: best, Reason: fmt.Sprintf("node %s holds more (%s) than this node (%s)",
			best, b.Candidates[best].Summary(), b.Candidates[b.Self].Summary())}
	default:
		return Decision{Lead: true}
	}
}

// best returns the node whose data is eligible and holds most; this node, if no
// other holds more; nothing if no data is eligible.
func (b Election) best(eligible func(Positions) bool, order func(p, q Positions) int) string {
	best := ""
	for _, node := range append([]string{b.Self}, slices.Sorted(maps.Keys(b.Candidates))...) {
		if eligible(b.Candidates[node]) && (best == "" || order(b.Candidates[node], b.Candidates[best]) > 0) {
			best = node
		}
	}
	return best
}

// withoutRecord decides where data was promoted once but the cluster has no
// record of it: a first promotion that was cut short, or a CIB that was lost.
// In the latter case only all nodes together know what is latest.
func (b Election) withoutRecord() Decision {
	if lineages := b.lineages(); len(lineages) > 1 {
		return Decision{Reason: fmt.Sprintf(
			"the nodes hold databases of %d different origins: choose one with: ovndb-servers bless (%s)", len(lineages), b.Summary())}
	}
	if len(b.Absent) > 0 {
		return Decision{Reason: fmt.Sprintf(
			"the cluster has no record of the latest term, and node %s is not here to tell: start it, or choose this node with: ovndb-servers bless",
			strings.Join(b.Absent, ", "))}
	}
	best := b.best(func(Positions) bool { return true }, Positions.Compare)
	if best != b.Self {
		return Decision{Yield: best, Reason: fmt.Sprintf("node %s holds more (%s)", best, b.Candidates[best].Summary())}
	}
	return Decision{Lead: true}
}

func (b Election) lineages() []string {
	var all []string
	for _, positions := range b.Candidates {
		for database, p := range positions {
			if p.Marked() {
				all = append(all, database+" "+p.Lineage)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	perDatabase := map[string]int{}
	for _, l := range all {
		database, _, _ := strings.Cut(l, " ")
		perDatabase[database]++
	}
	for _, count := range perDatabase {
		if count > 1 {
			return all
		}
	}
	return nil
}

// adopt decides where no data was ever promoted under this agent: the one with
// content leads.
func (b Election) adopt() Decision {
	contents := b.contents()
	for database, digests := range contents {
		if len(digests) > 1 {
			return Decision{Reason: fmt.Sprintf(
				"the nodes hold %d different contents of %s, and nothing tells which is right: choose one with: ovndb-servers bless (%s)",
				len(digests), database, b.Summary())}
		}
	}
	full := func(p Positions) bool {
		for database, digests := range contents {
			if len(digests) == 1 && p[database].Content == "" {
				return false
			}
		}
		return true
	}
	switch best := b.best(full, Positions.Compare); best {
	case b.Self:
		return Decision{Lead: true}
	case "":
		return Decision{Reason: "no single node holds content in all databases: choose one with: ovndb-servers bless (" + b.Summary() + ")"}
	default:
		return Decision{Yield: best, Reason: fmt.Sprintf("node %s holds content and this node does not", best)}
	}
}

// contents returns the distinct contents of each database.
func (b Election) contents() map[string][]string {
	all := map[string][]string{}
	for _, positions := range b.Candidates {
		for database, p := range positions {
			if p.Content != "" && !slices.Contains(all[database], p.Content) {
				all[database] = append(all[database], p.Content)
			}
		}
	}
	return all
}

func (b Election) Summary() string {
	var all []string
	for _, node := range slices.Sorted(maps.Keys(b.Candidates)) {
		all = append(all, node+": "+b.Candidates[node].Summary())
	}
	return strings.Join(all, "; ")
}

// summary names positions for a person.
func (p Positions) Summary() string {
	var all []string
	for _, database := range slices.Sorted(maps.Keys(p)) {
		all = append(all, database+" "+p[database].Summary())
	}
	return strings.Join(all, ", ")
}

func (p Position) Summary() string {
	switch {
	case p.Marked():
		return fmt.Sprintf("term %d beat %s", p.Term, p.Progress)
	case p.Blank():
		return "empty"
	default:
		return "content " + p.Content[:min(len(p.Content), 8)] + " without a term"
	}
}
