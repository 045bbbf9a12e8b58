package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"ovndb-servers/pkg/printable"
)

// writeTable writes a report for a person.
func writeTable(out io.Writer, r report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "node %s, resource %s: %s\n\n", r.Node, r.Resource, r.Health)
	writeServers(&b, r.Servers)
	if r.Supervisor != nil || r.Northd != nil {
		b.WriteString("\n")
	}
	if r.Supervisor != nil {
		fmt.Fprintf(&b, "supervisor: %s\n", printable.Text(r.Supervisor.text()))
	}
	if r.Northd != nil {
		fmt.Fprintf(&b, "ovn-northd: %s\n", r.Northd.text())
	}
	writeNodes(&b, r)
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\nproblem: %s", printable.Text(strings.ReplaceAll(p, "\n", "; ")))
	}
	if len(r.Problems) > 0 {
		b.WriteString("\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// table lays out rows of cells in columns.
type table struct {
	text *tabwriter.Writer
}

func newTable(b *strings.Builder) table {
	return table{text: tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)}
}

// row and end write to a strings.Builder, which takes everything.
func (t table) row(cells ...string) {
	var line []string
	for _, cell := range cells {
		line = append(line, printable.Text(cell))
	}
	_, _ = io.WriteString(t.text, strings.Join(line, "\t")+"\n")
}

func (t table) end() {
	_ = t.text.Flush()
}

func writeServers(b *strings.Builder, servers []serverReport) {
	t := newTable(b)
	t.row("DATABASE", "ROLE", "REPLICATES FROM", "CONNECTED", "TERM", "PROGRESS", "CURRENT", "LINEAGE", "FILE")
	for _, s := range servers {
		from, connected := "-", "-"
		if s.ReplicatesFrom != "" {
			from, connected = s.ReplicatesFrom, yesNo(s.Connected)
		}
		t.row(s.Database, s.Role, from, connected, term(s.Term), cmp.Or(s.Progress, "-"), current(s.Current), short(s.Lineage), s.File)
	}
	t.end()
}

func writeNodes(b *strings.Builder, r report) {
	if !r.Cluster.Available {
		fmt.Fprintf(b, "\ncannot ask the cluster: %s\n", printable.Text(cmp.Or(r.Cluster.Error, "unknown reason")))
		return
	}
	fmt.Fprintf(b, "\ncluster record: %s\n\n", printable.Text(r.Cluster.Record.text()))
	t := newTable(b)
	t.row("NODE", "STATE", "ROLE", "SCORE", "REPLICATED FROM")
	for _, n := range r.Cluster.Nodes {
		t.row(n.Name, n.State, n.Role, score(n.Score), cmp.Or(n.Publishes, "-"))
	}
	t.end()
}

func (n *northdReport) text() string {
	text := "not running"
	if n.PID != 0 {
		text = fmt.Sprintf("running (pid %d)", n.PID)
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
	return text
}

func term(term uint64) string {
	if term == 0 {
		return "-"
	}
	return strconv.FormatUint(term, 10)
}

func current(known *bool) string {
	if known == nil {
		return "-"
	}
	return yesNo(*known)
}

// maxShort is the length of a shortened UUID, enough to distinguish it from others.
const maxShort = 8

func short(id string) string { return cmp.Or(id[:min(len(id), maxShort)], "-") }

func score(s *int) string {
	if s == nil {
		return "-"
	}
	return strconv.Itoa(*s)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
