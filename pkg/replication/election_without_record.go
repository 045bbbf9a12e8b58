package replication

import (
	"fmt"
	"slices"
	"strings"
)

// recordLost reports whether the record is of an earlier term than data that a cluster of the
// same history once recorded: it came back with an older CIB. Data of a promotion that was
// begun and never recorded is no sign of that.
func (e Election) recordLost() bool {
	origins := map[string][]string{} // the lineages of the record's own history, by database, as far as they are known
	for _, node := range e.present() {
		for database, p := range e.Candidates[node].Positions {
			if p.TermID == e.Record.TermID || p.PrevTermID == e.Record.TermID {
				origins[database] = append(origins[database], p.Lineage)
			}
		}
	}
	return slices.ContainsFunc(e.recordedTerms(origins), func(r Record) bool { return r.Term > e.Record.Term })
}

// recordedTerms returns the terms of which data tells that they were recorded, all of a node's
// databases being of them: a node that was interrupted as it began to follow another one has
// given up the later term of its other database. If lineages of databases are given, only nodes of those count.
func (e Election) recordedTerms(origins map[string][]string) []Record {
	return e.terms(func(held Positions, p Position) bool { return p.Marked() && !p.begun() && held.stemFrom(origins) })
}

// stemFrom reports whether each database is of one of the lineages of that database, if any are known.
func (p Positions) stemFrom(origins map[string][]string) bool {
	for database, position := range p {
		if known := origins[database]; len(known) > 0 && !slices.Contains(known, position.Lineage) {
			return false
		}
	}
	return true
}

// withoutRecord decides where data was promoted once but the cluster has no record of it, or an
// older one: a first promotion that was cut short, or a CIB that was lost. The latest term is
// the one of the data that a majority of all nodes knows of.
func (e Election) withoutRecord() Decision {
	if e.severalOrigins() {
		return Decision{Rule: RuleLineage, Reason: "the nodes hold databases of different origins: choose one with: ovndb-servers bless (" + e.Summary() + ")"}
	}
	present := e.present()
	if all := len(e.Candidates) + len(e.Absent); len(present)*2 <= all {
		return Decision{Rule: RuleMajority, Reason: fmt.Sprintf(
			"the cluster has lost the record of the latest term (it has: %s), and only %d of %d nodes say what they hold: "+
				"start node %s, or choose this node with: ovndb-servers bless",
			e.Record.Describe(), len(present), all, strings.Join(e.missing(), ", "))}
	}
	latest := e.latestTerms()
	if len(latest) == 0 {
		return Decision{Rule: RuleTermStart, Reason: "no node holds both databases of one term: choose one with: ovndb-servers bless (" + e.Summary() + ")"}
	}
	if len(latest) > 1 {
		return Decision{Rule: RuleMajority, Reason: fmt.Sprintf(
			"the cluster has lost the record of the latest term, and the nodes hold %d terms of one number: choose one with: ovndb-servers bless (%s)",
			len(latest), e.Summary())}
	}
	return e.amongCurrent(latest[0])
}

// missing returns the nodes of the resource that have not published their positions.
func (e Election) missing() []string {
	missing := slices.Clone(e.Absent)
	for node := range e.Candidates {
		if !e.answered(node) {
			missing = append(missing, node)
		}
	}
	slices.Sort(missing)
	return missing
}

// latestTerms returns the records that would fit the latest term that any data is of: one, or
// several if promotions of one number are not told apart by a majority that holds one of them.
// A promotion that was begun counts only where no data tells of one that was recorded.
func (e Election) latestTerms() []Record {
	terms := e.recordedTerms(nil)
	if len(terms) == 0 {
		terms = e.terms(func(_ Positions, p Position) bool { return p.Marked() })
	}
	var latest uint64
	for _, r := range terms {
		latest = max(latest, r.Term)
	}
	terms = slices.DeleteFunc(terms, func(r Record) bool { return r.Term < latest })
	for _, r := range terms {
		votes := 0
		for _, node := range e.present() {
			if e.Candidates[node].Positions.Current(r) {
				votes++
			}
		}
		if votes*2 > len(e.Candidates)+len(e.Absent) {
			return []Record{r}
		}
	}
	return terms
}

// terms returns the terms of the data that counts, of which all databases of a node are.
func (e Election) terms(counts func(Positions, Position) bool) []Record {
	var terms []Record
	for _, node := range e.present() {
		positions := e.Candidates[node].Positions
		for _, p := range positions {
			r := Record{Term: p.Term, TermID: p.TermID}
			known := slices.ContainsFunc(terms, func(t Record) bool { return t.TermID == r.TermID })
			if counts(positions, p) && positions.Current(r) && !known {
				terms = append(terms, r)
			}
		}
	}
	return terms
}

// severalOrigins reports whether the nodes hold data of one database that has no history in
// common.
func (e Election) severalOrigins() bool {
	origins := map[string]string{}
	for _, node := range e.present() {
		for database, p := range e.Candidates[node].Positions {
			if known := origins[database]; p.Marked() && known != "" && known != p.Lineage {
				return true
			}
			if p.Marked() {
				origins[database] = p.Lineage
			}
		}
	}
	return false
}
