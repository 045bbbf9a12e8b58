package replication

import "strings"

// Unsolicited is the round of a position that no election has asked for.
const Unsolicited = "-"

// ReadAnswers reads the positions that were published in answer to a round, or
// all of them if round is empty: "ROUND POSITIONS", and words that it ignores. A value that cannot
// be read is no answer of that node and harms no other.
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
