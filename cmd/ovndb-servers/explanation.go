package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/replication"
)

// explainSchema is the version of the keys of explain, as [statusSchema] is.
const explainSchema = 1

// explanation is the result of explain.
type explanation struct {
	Schema   int    `json:"schema"`
	Resource string `json:"resource"`
	// Leader is the promoted node, empty if there is none.
	Leader string `json:"leader"`
	// WouldLead is the node that would lead next; empty if none would. Rule decides that, and Reason
	// says why none would, or what an operator should know.
	WouldLead string           `json:"would_lead"`
	Rule      replication.Rule `json:"rule"`
	Reason    string           `json:"reason,omitempty"`
	Nodes     []standingReport `json:"nodes"`

	record   *recordReport
	promoted int
}

// standingReport is one node in an explanation.
type standingReport struct {
	Node string `json:"node"`
	// Known is one of [control.PositionSource].
	Known     string           `json:"known"`
	Positions []positionReport `json:"positions"`
	Score     *int             `json:"score"`
	Standing  string           `json:"standing"`
	Rule      replication.Rule `json:"rule,omitempty"`
	Reason    string           `json:"reason,omitempty"`
}

type positionReport struct {
	Database string `json:"database"`
	Term     uint64 `json:"term"`
	TermID   string `json:"term_id"`
	Progress string `json:"progress"`
}

// The standings of a node; two of them are followed by the name of another one.
const (
	standingLeads   = "leads"
	standingMay     = "may lead"
	standingYields  = "leaves it to "
	standingWaits   = "waits for "
	standingMustNot = "must not lead"
	standingCannot  = "cannot lead"
	standingNoPart  = "no part"
)

func newExplanation(resource string, o control.Outlook, promoted, stopped []string) explanation {
	e := explanation{Schema: explainSchema, Resource: resource, Leader: o.Leader, Nodes: []standingReport{}, promoted: len(promoted)}
	if r := o.Record; r != nil {
		e.record = &recordReport{Term: r.Term, TermID: r.TermID, Node: r.Node, Blessed: r.Blessed, Members: r.Members}
	}
	var d replication.Decision
	e.WouldLead, d = o.Outcome()
	e.Rule, e.Reason = d.Rule, oneLine(d.Reason)
	for _, node := range o.Nodes() {
		e.Nodes = append(e.Nodes, standingOf(node, o))
	}
	for _, node := range stopped {
		e.Nodes = append(e.Nodes, standingReport{
			Node: node, Known: string(control.PositionUnknown), Positions: []positionReport{}, Standing: standingNoPart,
			Reason: "the resource does not run there; see: crm_mon -1rfA",
		})
	}
	slices.SortFunc(e.Nodes, func(a, b standingReport) int { return strings.Compare(a.Node, b.Node) })
	return e
}

func standingOf(node string, o control.Outlook) standingReport {
	s := standingReport{Node: node, Known: string(o.Known[node]), Standing: standingLeads}
	held := o.Candidates[node].Positions
	if node == o.Leader {
		held, s.Known = o.LeaderHolds, string(control.PositionRead)
		if held == nil {
			s.Known = string(control.PositionUnknown)
		}
	} else {
		d := o.DecisionOf(node)
		s.Standing, s.Rule, s.Reason = standing(d), d.Rule, oneLine(d.Reason)
	}
	if score, scored := o.Scores[node]; scored {
		s.Score = new(int(score))
	}
	s.Positions = positionsOf(held)
	return s
}

// standing is a decision in a few words.
func standing(d replication.Decision) string {
	switch {
	case d.Lead:
		return standingMay
	case d.Yield != "":
		return standingYields + d.Yield
	case len(d.Wait) > 0:
		return standingWaits + strings.Join(d.Wait, ", ")
	case d.Rule == replication.RuleUnable:
		return standingCannot
	default:
		return standingMustNot
	}
}

func positionsOf(held replication.Positions) []positionReport {
	positions := []positionReport{}
	for _, database := range slices.Sorted(maps.Keys(held)) {
		p := held[database]
		row := positionReport{Database: database, Term: p.Term, TermID: p.TermID}
		if p.Marked() {
			row.Progress = p.Progress.String()
		}
		positions = append(positions, row)
	}
	return positions
}

// term is the terms of a node's databases, in their order: one if they are the same.
func (s standingReport) term() string {
	var terms []string
	for _, p := range s.Positions {
		terms = append(terms, term(p.Term))
	}
	return cmp.Or(strings.Join(slices.Compact(terms), " "), "-")
}

func (s standingReport) progress() string {
	var all []string
	for _, p := range s.Positions {
		all = append(all, cmp.Or(p.Progress, "-"))
	}
	return cmp.Or(strings.Join(all, " "), "-")
}

func (s standingReport) style() style {
	switch s.Standing {
	case standingLeads, standingMay:
		return styleGood
	case standingMustNot, standingCannot:
		return styleBad
	default:
		return styleWarn
	}
}

// verdict says in a line who would lead, and why.
func (e explanation) verdict() string {
	switch {
	case e.WouldLead == "":
		return "no node would lead: " + e.Reason
	case e.Reason != "":
		return fmt.Sprintf("%s would lead: %s; %s", e.WouldLead, e.Rule, e.Reason)
	default:
		return fmt.Sprintf("%s would lead: %s", e.WouldLead, e.Rule)
	}
}

func (e explanation) exitCode() int {
	switch {
	case e.promoted != 1:
		return exitCritical
	case e.WouldLead == "":
		return exitDegraded
	default:
		return exitHealthy
	}
}

// oneLine makes a text of others fit for one line of a terminal.
func oneLine(text string) string { return printable.Text(strings.ReplaceAll(text, "\n", "; ")) }
