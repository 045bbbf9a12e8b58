package replication

import (
	"fmt"
	"strings"
)

// Rule names the rule that decided an election.
type Rule string

// The rules of elections.
const (
	// RuleBlessed lets a node lead by an operator's word.
	RuleBlessed Rule = "blessed"
	// RuleEnd lets only data lead that holds the end of a term that was demoted as planned.
	RuleEnd Rule = "planned end"
	// RuleAnswers waits for the answers of all that may lead.
	RuleAnswers Rule = "answers"
	// RuleFreshest lets the node lead that holds most, of those that may and can.
	RuleFreshest Rule = "freshest"
	// RuleBehind lets a node lead that is behind, as the operator has allowed after a time.
	RuleBehind Rule = "lead when behind"
	// RuleTermStart keeps data from leading that has not seen the start of the term.
	RuleTermStart Rule = "start of the term"
	// RuleMembers keeps nodes from leading that were known to be behind.
	RuleMembers Rule = "members"
	// RuleUnable is for the case that those that may lead cannot.
	RuleUnable Rule = "unable"
	// RuleMajority wants a majority of all nodes where the record is lost.
	RuleMajority Rule = "majority"
	// RuleLineage wants data of one origin.
	RuleLineage Rule = "lineage"
	// RuleContent decides on data that was never promoted by its content.
	RuleContent Rule = "content"
)

// Decision is the outcome of an election for the node that was chosen.
type Decision struct {
	// Lead says that this node may be promoted.
	Lead bool
	// Yield names the node that should be, if it is another one.
	Yield string
	// Wait names the nodes to wait for, as they have not published their positions. An election that
	// ends without them counts as one of their rounds, see [Candidate].
	Wait []string
	// Rule is the rule that decided.
	Rule Rule
	// Reason says why this node may not lead and what to do; or, where it leads, the facts about
	// that which an operator should know.
	Reason string
}

// Err returns nil if node leads by the decision, [UnansweredError] if it has to wait for
// answers, and [ElectionError] else.
func (d Decision) Err(node string) error {
	switch {
	case d.Lead:
		return nil
	case len(d.Wait) > 0:
		return &UnansweredError{Nodes: d.Wait}
	default:
		return &ElectionError{Node: node, Decision: d}
	}
}

// UnansweredError is returned when nodes that take part in an election have not published their
// positions.
type UnansweredError struct {
	Nodes []string
}

// Error implements error.
func (e *UnansweredError) Error() string {
	return "no answer from the agent on node " + strings.Join(e.Nodes, ", ") +
		", whose data may be fresher: see its log, or stop the node"
}

// ElectionError is returned when this node may not be promoted.
type ElectionError struct {
	Node     string
	Decision Decision
}

// Error implements error.
func (e *ElectionError) Error() string {
	if e.Decision.Yield != "" {
		return fmt.Sprintf("node %s leaves the promotion to node %s: %s", e.Node, e.Decision.Yield, e.Decision.Reason)
	}
	return fmt.Sprintf("node %s must not be promoted: %s", e.Node, e.Decision.Reason)
}
