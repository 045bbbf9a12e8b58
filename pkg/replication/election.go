package replication

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Candidate is a node that takes part in an election.
type Candidate struct {
	// Positions are those of its databases; nil if it has not answered, or cannot be understood.
	Positions Positions
	// Unable is why the node cannot take the role, empty if it can: its last start or promotion
	// failed, it is unmanaged, or a constraint keeps the role away from it.
	Unable string
	// Rounds counts how often the node asked has left the promotion to this one, or has waited
	// for its answer, without the node leading then.
	Rounds int
}

// maxRounds is how often a node is waited for.
const maxRounds = 2

// gone returns why the node is not waited for; empty if it is.
func (c Candidate) gone() string {
	switch {
	case c.Unable != "":
		return c.Unable
	case c.Rounds >= maxRounds && c.Positions == nil:
		return fmt.Sprintf("its agent has not answered in %d elections: see its log", c.Rounds)
	case c.Rounds >= maxRounds:
		return fmt.Sprintf("it has not led though the promotion was left to it %d times: see its log, and constraints on the role", c.Rounds)
	default:
		return ""
	}
}

// Election is the whole input of a decision: the cluster record and the positions of each node that
// takes part.
type Election struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Self is the node Pacemaker has chosen.
	Self string
	// Candidates are the nodes that take part, Self among them, whose positions are set.
	Candidates map[string]Candidate
	// Absent are the nodes of the resource that take no part.
	Absent []string
	// Known is the latest term that Self has begun or has read in the record, whatever its data is of; 0 if
	// it knows none.
	Known uint64
	// Blessing is an operator's word for this node's data that holds, nil if there is none.
	Blessing *Blessing
	// WhenBehind allows data that has seen the start of the term to lead though it is behind:
	// no node has led for as long as the operator is ready to wait.
	WhenBehind bool
}

// Decide decides whether the chosen node may lead. Data that has not seen the start of the
// recorded term never leads (unless blessed), nor does that of a node known to be behind, and
// among the data that may, the one that holds most does. After a planned demotion, data that
// holds the end leads and no other node has to be asked. All nodes that know the same
// candidates choose the same one, or themselves if they hold no less.
func (e Election) Decide() Decision {
	self := e.Candidates[e.Self].Positions
	switch {
	case len(self) == 0:
		return Decision{Rule: RuleAnswers, Reason: "it is not known what its own databases hold"}
	case e.Blessing != nil:
		return Decision{Lead: true, Rule: RuleBlessed, Reason: "an operator lets it lead: " + e.Blessing.Reason}
	case e.Record != nil && len(e.Record.End) > 0 && !e.recordLost() && e.Record.Bars(e.Self, self) == "":
		return Decision{Lead: true, Rule: RuleEnd}
	}
	if silent := e.unanswered(); len(silent) > 0 {
		return Decision{
			Wait: silent, Rule: RuleAnswers,
			Reason: (&UnansweredError{Nodes: silent}).Error(),
		}
	}
	switch {
	case e.Record != nil && !e.recordLost():
		return e.amongCurrent(*e.Record)
	case e.anyMarked():
		return e.withoutRecord()
	default:
		return e.adopt()
	}
}

// unanswered returns the nodes that may lead or may know a later term, can take the role, and
// have not published their positions.
func (e Election) unanswered() []string {
	var nodes []string
	for node := range e.Candidates {
		mayLead := e.Record == nil || e.WhenBehind || len(e.Record.End) > 0 || e.Record.HasMember(node)
		if mayLead && !e.answered(node) && e.Candidates[node].gone() == "" {
			nodes = append(nodes, node)
		}
	}
	slices.Sort(nodes)
	return nodes
}

// answered reports whether a node has published its position in each database. An answer that
// lacks a database is none.
func (e Election) answered(node string) bool {
	positions := e.Candidates[node].Positions
	return len(positions) > 0 && positions.covers(e.Candidates[e.Self].Positions)
}

// present returns the nodes that have answered, in the order of their names.
func (e Election) present() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e.Candidates)), func(node string) bool { return !e.answered(node) })
}

// able reports whether a node can take the role, as far as this node knows.
func (e Election) able(node string) bool {
	return node == e.Self || e.Candidates[node].gone() == ""
}

func (e Election) anyMarked() bool {
	return slices.ContainsFunc(e.present(), func(node string) bool { return e.Candidates[node].Positions.Term() > 0 })
}

// amongCurrent decides where the latest term is known.
func (e Election) amongCurrent(r Record) Decision {
	strict := func(node string) bool { return r.Bars(node, e.Candidates[node].Positions) == "" }
	rule := RuleFreshest
	if len(r.End) > 0 {
		rule = RuleEnd
	}
	d := e.among(r, strict, rule)
	if d.Rule == "" && e.WhenBehind {
		d = e.among(r, func(node string) bool { return e.Candidates[node].Positions.Current(r) }, RuleBehind)
	}
	if d.Rule == "" {
		return e.refuse(r)
	}
	return d
}

// among decides among the nodes whose data may lead and that can take the role. It returns no
// rule if there is none.
func (e Election) among(r Record, mayLead func(node string) bool, rule Rule) Decision {
	eligible := slices.DeleteFunc(e.present(), func(node string) bool { return !mayLead(node) })
	able := slices.DeleteFunc(slices.Clone(eligible), func(node string) bool { return !e.able(node) })
	if len(able) == 0 {
		return Decision{}
	}
	ranks := e.ranks(&r, eligible)
	best := first(able, e.Self, ranks)
	if best != e.Self {
		return Decision{Yield: best, Rule: rule, Reason: e.behind(r, best)}
	}
	notes := e.passedOver(r)
	if unable := first(eligible, e.Self, ranks); unable != e.Self {
		notes = append(notes, fmt.Sprintf("node %s holds more (%s) and cannot lead: %s",
			unable, e.Candidates[unable].Positions.Summary(), e.Candidates[unable].gone()))
	}
	if rule == RuleBehind {
		notes = append(notes, "rows may be lost: "+r.Bars(e.Self, e.Candidates[e.Self].Positions))
	}
	return Decision{Lead: true, Rule: rule, Reason: strings.Join(notes, "; ")}
}

// passedOver names the nodes that may hold more and whose answer is not waited for.
func (e Election) passedOver(r Record) []string {
	var notes []string
	for _, node := range slices.Sorted(maps.Keys(e.Candidates)) {
		if !e.answered(node) && r.HasMember(node) {
			notes = append(notes, fmt.Sprintf("what node %s holds is not known: %s", node, e.Candidates[node].gone()))
		}
	}
	return notes
}

// behind says why this node leaves the promotion to another one.
func (e Election) behind(r Record, best string) string {
	if bar := r.Bars(e.Self, e.Candidates[e.Self].Positions); bar != "" {
		return bar
	}
	return fmt.Sprintf("node %s holds more (%s) than this node (%s)",
		best, e.Candidates[best].Positions.Summary(), e.Candidates[e.Self].Positions.Summary())
}

// refuse says why no node may lead.
func (e Election) refuse(r Record) Decision {
	for _, node := range e.present() {
		if !e.able(node) && r.Bars(node, e.Candidates[node].Positions) == "" {
			return Decision{Rule: RuleUnable, Reason: fmt.Sprintf(
				"only node %s may lead, and it cannot: %s; mend that, or let this node's data lead with: ovndb-servers bless",
				node, e.Candidates[node].gone())}
		}
	}
	anyCurrent := slices.ContainsFunc(e.present(), func(node string) bool { return e.Candidates[node].Positions.Current(r) })
	switch {
	case !anyCurrent:
		return Decision{Rule: RuleTermStart, Reason: fmt.Sprintf(
			"no node that takes part has data of term %d%s: start that node, or a node that followed it, "+
				"or let this node's older data lead with: ovndb-servers bless", r.Term, r.led())}
	case len(r.End) > 0:
		return Decision{Rule: RuleEnd, Reason: fmt.Sprintf(
			"no node that takes part holds what node %s wrote last before it was demoted (%s): start that node, "+
				"or let this node's data (%s) lead with: ovndb-servers bless",
			r.Node, r.End.Summary(), e.Candidates[e.Self].Positions.Summary())}
	default:
		return Decision{Rule: RuleMembers, Reason: fmt.Sprintf(
			"all nodes that take part were behind when node %s led term %d: start one of those that were up to date (%s), "+
				"or let this node's older data lead with: ovndb-servers bless", r.Node, r.Term, strings.Join(r.Members, ", "))}
	}
}
