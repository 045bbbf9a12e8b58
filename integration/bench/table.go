package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// row is a line of the table, as text.
type row struct{ title, shell, ours, raft, ratio, raftRatio, goal, verdict, lost string }

// rows returns the lines of the table, without those that no case has filled.
func (r *report) rows() []row {
	var rows []row
	for _, m := range r.Measures {
		shell, ours, raft := m.of(shellAgent), m.of(ourAgent), m.of(raftAgent)
		if shell.Summary.Count == 0 && ours.Summary.Count == 0 && raft.Summary.Count == 0 {
			continue
		}
		rows = append(rows, row{
			title: m.Title, shell: cell(shell.Summary, m.Unit), ours: cell(ours.Summary, m.Unit), raft: cell(raft.Summary, m.Unit),
			ratio: times(m.advantage(shell)), raftRatio: times(m.advantage(raft)),
			goal: m.Goal.String(), verdict: m.verdict(), lost: losses(shell, ours, raft),
		})
	}
	return rows
}

// cell shows a summary: the median, and in parentheses the least and the greatest. It is blank
// where an agent does not have the case.
func cell(s summary, unit string) string {
	if s.Count == 0 {
		return ""
	}
	if s.Count == 1 {
		return number(s.Median, unit)
	}
	return fmt.Sprintf("%s (%s..%s)", number(s.Median, unit), number(s.Min, ""), number(s.Max, ""))
}

// number shows a value with three digits that count.
func number(value float64, unit string) string {
	digits := 0
	switch magnitude := math.Abs(value); {
	case magnitude == math.Trunc(magnitude):
	case magnitude < 1:
		digits = 3
	case magnitude < 10:
		digits = 2
	case magnitude < 100:
		digits = 1
	}
	return strings.TrimSpace(fmt.Sprintf("%.*f %s", digits, value, unit))
}

// times shows a ratio, if there is one.
func times(ratio float64) string {
	if math.IsNaN(ratio) {
		return ""
	}
	return number(ratio, "x")
}

// losses shows the acknowledged rows that each agent has lost.
func losses(agents ...*series) string {
	var each []string
	acked := 0
	for _, agent := range agents {
		acked += agent.Acked
		each = append(each, lossOf(agent))
	}
	if acked == 0 {
		return "-"
	}
	return strings.Join(each, " / ")
}

// lossOf shows the rows that one agent has lost.
func lossOf(s *series) string {
	if s.Acked == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", s.Lost, s.Acked)
}

// String shows the goal.
func (g *goal) String() string {
	if g == nil {
		return "-"
	}
	var parts []string
	if g.Times > 0 {
		parts = append(parts, fmt.Sprintf("at most 1/%g", g.Times))
	}
	if g.Below > 0 {
		parts = append(parts, fmt.Sprintf("below %g s", g.Below))
	}
	if g.Zero {
		parts = append(parts, "none")
	}
	switch {
	case g.Raft == 1:
		parts = append(parts, "no worse than RAFT")
	case g.Raft > 0:
		parts = append(parts, fmt.Sprintf("at most %g times RAFT's", g.Raft))
	}
	return strings.Join(parts, ", ")
}

// columns are the head of the table.
func columns() []string {
	return []string{"CASE", "SHELL AGENT", "THIS AGENT", "RAFT", "RATIO TO SHELL", "RATIO TO RAFT", "TO REACH", "", "ROWS LOST (SHELL / THIS / RAFT)"}
}

// fields returns the cells of a line.
func (r row) fields() []string {
	return []string{r.title, r.shell, r.ours, r.raft, r.ratio, r.raftRatio, r.goal, r.verdict, r.lost}
}

// text returns the report for a terminal.
func (r *report) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n%s\n\n", r.headline(), r.explanation())
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	lines := [][]string{columns()}
	for _, row := range r.rows() {
		lines = append(lines, row.fields())
	}
	writeLines(table, lines)
	if len(r.Sizes) > 0 {
		_, _ = fmt.Fprintln(table)
		writeLines(table, r.sizeLines())
	}
	_ = table.Flush() // A strings.Builder takes everything.
	for _, remark := range r.remarks() {
		fmt.Fprintf(&out, "\n- %s", remark)
	}
	return out.String()
}

// writeLines writes lines of cells to a tabwriter that cannot fail.
func writeLines(table *tabwriter.Writer, lines [][]string) {
	for _, line := range lines {
		_, _ = fmt.Fprintln(table, strings.Join(line, "\t"))
	}
}

// sizeLines is the table of the monitor's cost by rows.
func (r *report) sizeLines() [][]string {
	lines := [][]string{{"ROWS IN NB", "ROLE", "MONITOR: WALL", "MONITOR: CPU", "FILE"}}
	for _, s := range r.Sizes {
		lines = append(lines, []string{
			fmt.Sprint(s.Rows), s.Role, cell(s.Wall, "ms"), cell(s.CPU, "ms"), number(float64(s.Bytes)/(1<<20), "MiB"),
		})
	}
	return lines
}

// headline returns the date, the versions and the machine of the run.
func (r *report) headline() string {
	return fmt.Sprintf("%s, Debian %s: Open vSwitch %s, OVN %s, Pacemaker %s, Corosync %s; ovndb-servers %s; %s, %d cores, %d MiB, Linux %s, load before the run %.2f.",
		r.Date.Format("2006-01-02 15:04 MST"), r.Suite, r.Versions["ovs"], r.Versions["ovn"], r.Versions["pacemaker"], r.Versions["corosync"],
		r.Versions["ovndb-servers"], r.Machine.CPU, r.Machine.Cores, r.Machine.MemoryMiB, r.Machine.Kernel, r.Machine.Load)
}

// explanation returns the meaning of the numbers.
func (r *report) explanation() string {
	lost, fenced := r.Profile.Lost(nodes), "no fencing"
	if r.Fencing {
		fenced = "lost nodes are fenced"
	}
	return fmt.Sprintf("Median of %d rounds, least and greatest in parentheses; a ratio is that of the medians, and above 1 in favor of this agent. Three nodes in containers on one machine. For both agents: monitor every %s "+
		"on the promoted node, every %s on the others, timeout %s; profile %s, by which Corosync takes a lost node for lost after %s: "+
		"%s without a token, and %s for consensus; %s. RAFT: three servers as ovn-ctl starts them, election timer 1s, without Pacemaker and Corosync.",
		r.Rounds, promotedInterval, unpromotedInterval, monitorTimeout, r.Profile, lost.After(), lost.Token, lost.Consensus, fenced)
}

// remarks returns the notes, the further interruptions, and the rounds that failed.
func (r *report) remarks() []string {
	remarks := slices.Clone(r.Notes)
	for _, m := range r.Measures {
		for _, agent := range allAgents() {
			if further := m.of(agent).Further; len(further) > 0 {
				remarks = append(remarks, fmt.Sprintf("%s, %s: beside the longest, %d shorter interruptions in all rounds until the cluster had settled, of at most %s",
					agent, m.Name, len(further), number(slices.Max(further), "s")))
			}
		}
	}
	for _, f := range r.Failures {
		remarks = append(remarks, fmt.Sprintf("FAILED: %s, %s, round %d: %s", f.Agent, f.Case, f.Round, f.Reason))
	}
	return remarks
}
