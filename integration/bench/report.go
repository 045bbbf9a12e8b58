package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// agentName tells the agents apart.
type agentName string

const (
	shellAgent agentName = "shell"
	ourAgent   agentName = "ours"
	// raftAgent is none: it is OVN's RAFT mode, which needs none.
	raftAgent agentName = "raft"
)

// allAgents returns the agents in the order of the run.
func allAgents() []agentName { return []agentName{shellAgent, ourAgent, raftAgent} }

// title names the agent for a reader.
func (a agentName) title() string {
	return map[agentName]string{shellAgent: "shell agent", ourAgent: "this agent", raftAgent: "RAFT"}[a]
}

// report has the results of a run; its JSON is written to a file.
type report struct {
	Date     time.Time         `json:"date"`
	Suite    string            `json:"suite"`
	Rounds   int               `json:"rounds"`
	Profile  cluster.Profile   `json:"profile"`
	Fencing  bool              `json:"fencing"`
	Versions map[string]string `json:"versions"`
	Machine  machine           `json:"machine"`
	Notes    []string          `json:"notes"`
	Measures []*measure        `json:"measures"`
	Sizes    []size            `json:"monitor_by_rows"`
	Failures []failure         `json:"failures"`
}

// machine describes the machine of the run.
type machine struct {
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	MemoryMiB int    `json:"memory_mib"`
	Kernel    string `json:"kernel"`
	// Load is the average of the minute before the run, by other work of the machine.
	Load float64 `json:"load"`
}

// measure is one line of the table.
type measure struct {
	// Name is the case's, with a suffix where a case has more than one.
	Name  string `json:"name"`
	Title string `json:"title"`
	// Unit is s, ms, MiB, /s, or empty for a number.
	Unit string `json:"unit"`
	// More says that more is better.
	More bool  `json:"more_is_better,omitempty"`
	Goal *goal `json:"goal,omitempty"`
	// Series are the values and losses of each agent.
	Series map[agentName]*series `json:"series"`
}

// goal is a bound that the results of a measure should keep.
type goal struct {
	// Times is the least ratio of the shell agent's median to ours; 0 if there is none.
	Times float64 `json:"times,omitempty"`
	// Below is the limit of our median, in the measure's unit; 0 if there is none.
	Below float64 `json:"below,omitempty"`
	// Zero says that all our values have to be 0.
	Zero bool `json:"zero,omitempty"`
	// Raft is how many times as bad as RAFT's our median may be at most; 0 if there is no such bound.
	Raft float64 `json:"raft,omitempty"`
}

// against returns the goal with a bound of our median by RAFT's; it is the only one if there is no
// goal.
func (g *goal) against(raft float64) *goal {
	if g == nil {
		return &goal{Raft: raft}
	}
	with := *g
	with.Raft = raft
	return &with
}

// series are the values of one measure and one agent.
type series struct {
	Values  []float64 `json:"values"`
	Summary summary   `json:"summary"`
	// Lost are the acknowledged rows that were not there after the rounds; Acked are
	// all that were acknowledged in them. Both are 0 where no rows are written.
	Lost  int `json:"lost_rows"`
	Acked int `json:"acknowledged_rows"`
	// Further are the interruptions beside the longest of each round, in seconds, until
	// the cluster had settled. One of [pace]'s reply time is a reply that was late.
	Further []float64 `json:"further_interruptions"`
}

// size is the cost of our monitor with a database of so many rows.
type size struct {
	Rows  int     `json:"rows"`
	Role  string  `json:"role"`
	Wall  summary `json:"wall_ms"`
	CPU   summary `json:"cpu_ms"`
	Bytes int64   `json:"file_bytes"`
}

// failure is a round that could not be measured.
type failure struct {
	Case   string    `json:"case"`
	Agent  agentName `json:"agent"`
	Round  int       `json:"round"`
	Reason string    `json:"reason"`
}

// find returns a measure by its name, nil if there is none.
func (r *report) find(name string) *measure {
	for _, m := range r.Measures {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// of returns the series of an agent, which is empty if there is none yet.
func (m *measure) of(agent agentName) *series {
	if m.Series == nil {
		m.Series = map[agentName]*series{}
	}
	if m.Series[agent] == nil {
		m.Series[agent] = &series{}
	}
	return m.Series[agent]
}

// add adds a value.
func (s *series) add(values ...float64) {
	s.Values = append(s.Values, values...)
	s.Summary = summarize(s.Values)
}

// addOutage adds the longest interruption of a round, and the others.
func (s *series) addOutage(worst ovsdb.Gap, further []ovsdb.Gap) {
	s.add(worst.Duration().Seconds())
	for _, gap := range further {
		s.Further = append(s.Further, gap.Duration().Seconds())
	}
}

// verdict is "met" or "missed" for a measure with a goal, or empty if there is none, or
// nothing to compare.
func (m *measure) verdict() string {
	if m.Goal == nil || !m.comparable() {
		return ""
	}
	if m.reached() {
		return "met"
	}
	return "missed"
}

// comparable reports whether there are values of all that the goal compares.
func (m *measure) comparable() bool {
	has := func(agent agentName) bool { return m.of(agent).Summary.Count > 0 }
	return has(ourAgent) && (m.Goal.Times == 0 || has(shellAgent)) && (m.Goal.Raft == 0 || has(raftAgent))
}

// reached reports whether the goal is reached, without a lost row.
func (m *measure) reached() bool {
	ours := m.of(ourAgent)
	return ours.Lost == 0 &&
		(m.Goal.Times == 0 || m.asGood(m.Goal.Times, m.of(shellAgent))) &&
		(m.Goal.Raft == 0 || m.asGood(1/m.Goal.Raft, m.of(raftAgent))) &&
		(m.Goal.Below == 0 || ours.Summary.Median < m.Goal.Below) &&
		(!m.Goal.Zero || ours.Summary.Max == 0)
}

// asGood reports whether our median is at least so many times as good as another one's.
func (m *measure) asGood(times float64, other *series) bool {
	ours := m.of(ourAgent).Summary.Median
	if m.More {
		return ours >= other.Summary.Median*times
	}
	return ours*times <= other.Summary.Median
}

// advantage returns how many times as good as another one's our median is; not a number if one of
// them is missing.
func (m *measure) advantage(other *series) float64 {
	if m.More {
		return ratio(m.of(ourAgent).Summary, other.Summary)
	}
	return ratio(other.Summary, m.of(ourAgent).Summary)
}

// write writes the report to a file.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode the results: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make the directory for the results: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot write the results: %w", err)
	}
	return nil
}
