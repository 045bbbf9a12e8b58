package replication

import "fmt"

// Electorate says who takes part in an election.
type Participants struct {
	// Nodes are the nodes whose servers run when the promotion comes; nil if
	// Pacemaker does not say, as in a clone without notifications.
	Nodes []string
	// Absent are the nodes of the resource whose servers do not run.
	Absent []string
}

// unsolicited is the round of a position that nobody asked for, atLeast that of one where
// data ended which may have come further.
const (
	Unsolicited = "-"
	AtLeast     = "+"
)

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
