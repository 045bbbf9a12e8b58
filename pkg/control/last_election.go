package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// LastElection is the last election that this node held, for people: nothing is decided by it.
type LastElection struct {
	Held time.Time `json:"held"`
	// Term is that of the cluster record then, 0 without one.
	Term uint64 `json:"term"`
	// Leads says that this node was to lead. Else Yielded names the node that it left the promotion to, or
	// Waited those whose answers it lacked.
	Leads   bool     `json:"leads"`
	Yielded string   `json:"yielded,omitempty"`
	Waited  []string `json:"waited,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	// Answers has an entry for each node that took part, sorted.
	Answers []ElectionAnswer `json:"answers"`
}

// ElectionAnswer is one node in an election.
type ElectionAnswer struct {
	Node string `json:"node"`
	// Holds is the position of its data; empty if it has not answered, or was not asked.
	Holds string `json:"holds,omitempty"`
	// Unable is why it cannot take the role.
	Unable string `json:"unable,omitempty"`
}

// maxLastElection bounds the file, in bytes.
const maxLastElection = 64 << 10

// keepElection keeps the outcome of an election for status.
func (c *Controller) keepElection(e *election) {
	d := e.decision
	last := LastElection{
		Held: time.Now().UTC().Truncate(time.Millisecond), Leads: d.Lead, Yielded: d.Yield, Waited: d.Wait, Rule: string(d.Rule), Reason: d.Reason,
		Answers: []ElectionAnswer{},
	}
	if e.Record != nil {
		last.Term = e.Record.Term
	}
	for _, node := range slices.Sorted(maps.Keys(e.Candidates)) {
		candidate := e.Candidates[node]
		last.Answers = append(last.Answers, ElectionAnswer{Node: node, Holds: candidate.Positions.Summary(), Unable: candidate.Unable})
	}
	text, err := json.Marshal(last)
	if err == nil {
		err = replaceFile(c.runFile(stateElection), text)
	}
	c.warn(err, "status does not show this election")
}

// LastElection returns the last election that this node held since its boot, nil if it held none.
func (c *Controller) LastElection() (*LastElection, error) {
	text, err := readBounded(c.runFile(stateElection), maxLastElection)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // having held none is no error
	}
	var last LastElection
	if err == nil {
		err = json.Unmarshal(text, &last)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the last election of this node: %w", err)
	}
	return &last, nil
}
