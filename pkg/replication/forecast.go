package replication

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Forecast is the question which node would lead if an election were held now. It has no rules of its
// own: it takes one node after the other for the one that Pacemaker has chosen, and asks
// [Election.Decide].
type Forecast struct {
	// Record, Candidates, Absent and WhenBehind are those of the [Election]. The candidates are the
	// nodes that would take part, without one that leads.
	Record     *Record
	Candidates map[string]Candidate
	Absent     []string
	WhenBehind bool
	// Blessings are the operators' words that hold, by node.
	Blessings map[string]*Blessing
	// Scores are the promotion scores. Pacemaker asks the node with the highest one first, and none
	// that has no score.
	Scores map[string]Score
}

// DecisionOf is the decision if Pacemaker asked a node. One that it would not ask must not lead.
func (f Forecast) DecisionOf(node string) Decision {
	if unable := f.Candidates[node].Unable; unable != "" {
		return Decision{Rule: RuleUnable, Reason: unable}
	}
	d := f.ask(node)
	if _, scored := f.Scores[node]; d.Lead && !scored {
		return Decision{Rule: RuleUnable, Reason: "its data may lead, but it has no promotion score, so Pacemaker does not ask it; see: crm_mon -1rfA"}
	}
	return d
}

func (f Forecast) ask(node string) Decision {
	return Election{
		Record: f.Record, Self: node, Candidates: f.Candidates, Absent: f.Absent, Blessing: f.Blessings[node], WhenBehind: f.WhenBehind,
	}.Decide()
}

// Outcome returns the node that would lead, and the decision by which it does. Without one the node is
// empty, and the decision is that of the node that was asked first.
func (f Forecast) Outcome() (node string, d Decision) {
	asked := f.order()
	for _, node := range asked {
		d := f.ask(node)
		if d.Yield != "" { // the election raises that node's score
			node, d = d.Yield, f.ask(d.Yield)
		}
		if d.Lead {
			return node, d
		}
		if len(d.Wait) > 0 {
			return "", d
		}
	}
	switch nodes := slices.Sorted(maps.Keys(f.Candidates)); {
	case len(asked) > 0:
		return "", f.ask(asked[0])
	case len(nodes) == 0:
		return "", Decision{Rule: RuleAnswers, Reason: "the servers of no node run that could take the role; see: crm_mon -1rfA"}
	case len(nodes) == 1:
		d = f.DecisionOf(nodes[0])
		return "", Decision{Rule: d.Rule, Wait: d.Wait, Reason: fmt.Sprintf("only node %s could take the role: %s", nodes[0], d.Reason)}
	default:
		return "", f.DecisionOf(nodes[0])
	}
}

// order returns the nodes in the order in which Pacemaker would ask them, as far as the scores say:
// constraints of an operator's are not in them.
func (f Forecast) order() []string {
	nodes := slices.DeleteFunc(slices.Sorted(maps.Keys(f.Candidates)), func(node string) bool {
		score, scored := f.Scores[node]
		return !scored || score <= ScoreNever || f.Candidates[node].Unable != ""
	})
	slices.SortStableFunc(nodes, func(a, b string) int { return cmp.Compare(f.Scores[b], f.Scores[a]) })
	return nodes
}

// AtBeat returns the positions that are assumed for a backup that has the last beat of its source: no
// changes after that.
func (p Positions) AtBeat() Positions {
	held := Positions{}
	for database, position := range p {
		position.Progress.Changes, position.Progress.Possible = 0, 0
		held[database] = position
	}
	return held
}

// Reaches reports whether data is at the beats of a source, in its terms, or beyond them.
func (p Positions) Reaches(source Positions) bool {
	for database, beat := range source {
		if p[database].TermID != beat.TermID || p[database].Progress.Beat < beat.Progress.Beat {
			return false
		}
	}
	return len(source) > 0
}

// ParseScore reads a score as Pacemaker's tools spell it; ok is false for another text.
func ParseScore(text string) (score Score, ok bool) {
	switch text {
	case "INFINITY", "+INFINITY":
		return ScoreInfinity, true
	case "-INFINITY":
		return -ScoreInfinity, true
	}
	number, err := strconv.Atoi(text)
	return Score(max(min(number, int(ScoreInfinity)), -int(ScoreInfinity))), err == nil
}
