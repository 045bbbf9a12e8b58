package replication

import (
	"slices"
	"strings"
)

// readAnswers reads the positions that were published in answer to a round, or
// all of them if round is empty.
func ReadAnswers(published map[string]string, round string) map[string]Positions {
	answers := map[string]Positions{}
	for node, text := range published {
		answered, positions, _ := strings.Cut(text, " ")
		if round != "" && answered != round {
			continue
		}
		if p, err := ParsePositions(positions); err == nil {
			answers[node] = p
		}
	}
	return answers
}

// SilentError is returned when nodes that take part in an election have not
// said what they hold.
type UnansweredError struct {
	Nodes []string
}

// Error implements error.
func (e *UnansweredError) Error() string {
	return "no answer from the agent on node " + strings.Join(e.Nodes, ", ") +
		", whose data may be fresher: see its log, or stop the node"
}

func MissingAnswers(answers map[string]Positions, nodes []string) error {
	missing := slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return answers[node] != nil })
	if len(missing) > 0 {
		return &UnansweredError{Nodes: missing}
	}
	return nil
}
