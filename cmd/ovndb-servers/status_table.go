package main

import (
	"cmp"
	"fmt"
	"strings"

	"ovndb-servers/pkg/printable"
)

// tableOptions is how much of a report is written, and whether in colour.
type tableOptions struct {
	wide, verbose, colour bool
}

// writeTable writes a report for a person.
func writeTable(b *strings.Builder, r report, o tableOptions) {
	fmt.Fprintf(b, "node %s, resource %s: %s\n\n", printable.Text(r.Node), printable.Text(r.Resource), printable.Text(r.Health))
	writeCopies(b, r, o)
	b.WriteString("\n")
	if r.Cluster.Available {
		fmt.Fprintf(b, "cluster record: %s\n", printable.Text(r.Cluster.Record.text()))
	} else {
		fmt.Fprintf(b, "cannot ask the cluster: %s\n", printable.Text(cmp.Or(r.Cluster.Error, "unknown reason")))
	}
	if r.Supervisor != nil && (o.verbose || !r.Supervisor.quiet()) {
		fmt.Fprintf(b, "supervisor: %s\n", printable.Text(r.Supervisor.text()))
	}
	if r.Northd != nil {
		fmt.Fprintf(b, "ovn-northd: %s\n", r.Northd.text())
	}
	if len(r.Cluster.Unmanaged) > 0 {
		fmt.Fprintf(b, "maintenance: %s\n", printable.Text(r.maintenance()))
	}
	for _, u := range r.Upgrade {
		fmt.Fprintf(b, "upgrade: %s\n", printable.Text(u.text()))
	}
	if o.verbose {
		writeVerbose(b, r)
	}
	for _, p := range r.Problems {
		text := printable.Text(strings.ReplaceAll(p, "\n", "; "))
		fmt.Fprintf(b, "\n%s %s", styleBad.on("problem:", o.colour), text)
	}
	if len(r.Problems) > 0 {
		b.WriteString("\n")
	}
}

// writeCopies writes a row for each database of each node. Without wide it fits 100 columns.
func writeCopies(b *strings.Builder, r report, o tableOptions) {
	t := newTable(b)
	t.colour = o.colour
	header := []string{"NODE", "DATABASE", "ROLE", "STATE", "LAST WRITE", "SESSIONS", "SCORE"}
	if o.wide {
		header = append(header, "KNOWN", "TERM", "PROGRESS", "LINEAGE", "REPLICATES FROM", "FILE")
	}
	cells := make([]cell, len(header))
	for i, text := range header {
		cells[i] = cell{text: text, style: styleBold}
	}
	t.add(cells...)
	for _, c := range r.Copies {
		ago := age(c.LastWriteSeconds)
		if c.LastWriteSeconds != nil {
			ago += " ago"
		}
		row := []cell{
			{text: c.Node},
			{text: c.Database},
			{text: c.Role, style: c.roleStyle()},
			{text: c.stateText(), style: c.stateStyle()},
			{text: ago},
			{text: number(c.Sessions)},
			{text: number(c.Score)},
		}
		if o.wide {
			row = append(append(row, cell{text: cmp.Or(c.Known, "-")}), r.wideCells(c)...)
		}
		t.add(row...)
	}
	t.end()
}

func (r report) wideCells(c copyReport) []cell {
	for _, s := range r.Servers {
		if c.Node == r.Node && c.Database == s.Database {
			return []cell{
				{text: term(s.Term)},
				{text: cmp.Or(s.Progress, "-")},
				{text: short(s.Lineage)},
				{text: cmp.Or(s.ReplicatesFrom, "-")},
				{text: s.File},
			}
		}
	}
	return []cell{{text: "-"}, {text: "-"}, {text: "-"}, {text: "-"}, {text: "-"}}
}

func (c copyReport) stateText() string {
	if c.BehindSeconds == nil {
		return c.State
	}
	if c.State == stateBehind {
		return age(c.BehindSeconds) + " behind"
	}
	return c.State + " for " + age(c.BehindSeconds)
}

func (c copyReport) stateStyle() style {
	switch c.State {
	case stateFresh:
		return styleGood
	case stateUnknown:
		return styleNone
	case stateBehind, stateParked, "standby", "pending", "maintenance":
		return styleWarn
	default:
		return styleBad
	}
}

func (c copyReport) roleStyle() style {
	switch c.Role {
	case "active":
		return styleBold
	case "failed":
		return styleBad
	case "busy":
		return styleWarn
	default:
		return styleNone
	}
}

// writeVerbose writes the details of this node's servers, and the nodes as the cluster sees them.
func writeVerbose(b *strings.Builder, r report) {
	for _, s := range r.Servers {
		fmt.Fprintf(b, "\n%s of node %s:\n", printable.Text(s.Database), printable.Text(r.Node))
		t := newTable(b)
		if s.ReplicatesFrom != "" {
			t.row("  replicates from:", s.ReplicatesFrom+", connected by its own word: "+yesNo(s.Connected))
		}
		if l := s.SessionsLost; l != nil {
			t.row("  sessions lost:", fmt.Sprintf("%d since the supervisor started, last at %s: %s", l.Count, l.Last.UTC().Format(historyTime), oneLine(l.Reason)))
		}
		t.row("  term:", fmt.Sprintf("%s (%s), current: %s", term(s.Term), short(s.TermID), current(s.Current)))
		t.row("  progress:", cmp.Or(s.Progress, "-"))
		t.row("  lineage:", cmp.Or(s.Lineage, "-"))
		t.row("  file:", s.File)
		t.row("  process:", fmt.Sprint(s.PID))
		if s.Reason != "" {
			t.row("  reason:", s.Reason)
		}
		t.end()
	}
	if r.LastElection != nil {
		writeElection(b, *r.LastElection)
	}
	if !r.Cluster.Available {
		return
	}
	b.WriteString("\n")
	t := newTable(b)
	t.row("NODE", "STATE", "ROLE", "SCORE", "AGENT", "OVSDB-SERVER", "REPLICATED FROM")
	for _, n := range r.Cluster.Nodes {
		runs := cmp.Or(n.Versions, new(versionsReport))
		t.row(n.Name, n.State, n.Role, number(n.Score), cmp.Or(runs.Agent, "-"), cmp.Or(runs.Server, "-"), cmp.Or(n.Publishes, "-"))
	}
	t.end()
	if text := r.Cluster.differingVersions(); text != "" {
		fmt.Fprintf(b, "\nversions: %s\n", text)
	}
	if rec := r.Cluster.Record; rec != nil && rec.End != "" {
		fmt.Fprintf(b, "\nend of node %s's term: %s\n", printable.Text(rec.Node), printable.Text(rec.End))
	}
}

func (n *northdReport) text() string {
	text := "not running"
	switch {
	case n.PID != 0:
		text = fmt.Sprintf("running (pid %d)", n.PID)
	case n.Waits != "":
		text += ", waits for the conversion of the databases"
	}
	if !n.Managed {
		text += ", not run by the agent"
	}
	return text
}

func (r *recordReport) text() string {
	if r == nil {
		return "none, no promotion was ever recorded"
	}
	text := fmt.Sprintf("term %d (%s), led by node %s", r.Term, short(r.TermID), r.Node)
	if r.Blessed != "" {
		text += ", blessed: " + r.Blessed
	}
	if len(r.Members) > 0 {
		text += "; members: " + strings.Join(r.Members, ", ")
	}
	return text
}
