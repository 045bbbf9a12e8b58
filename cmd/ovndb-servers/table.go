package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// writeTable writes a report for a person.
func writeTable(out io.Writer, r report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "node %s, resource %s: %s\n\n", r.Node, r.Resource, r.Health)
	writeServers(&b, r.Servers)
	writeNodes(&b, r)
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\nproblem: %s", p)
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
	_, _ = io.WriteString(t.text, strings.Join(cells, "\t")+"\n")
}

func (t table) end() {
	_ = t.text.Flush()
}

func writeServers(b *strings.Builder, servers []serverReport) {
	t := newTable(b)
	t.row("DATABASE", "ROLE", "REPLICATES FROM", "CONNECTED", "FILE")
	for _, s := range servers {
		from, connected := "-", "-"
		if s.ReplicatesFrom != "" {
			from, connected = s.ReplicatesFrom, yesNo(s.Connected)
		}
		t.row(s.Database, s.Role, from, connected, s.File)
	}
	t.end()
}

func writeNodes(b *strings.Builder, r report) {
	if !r.Cluster.Available {
		fmt.Fprintf(b, "\nno word from the cluster: %s\n", cmp.Or(r.Cluster.Error, "unknown reason"))
		return
	}
	b.WriteString("\n")
	t := newTable(b)
	t.row("NODE", "STATE", "ROLE", "SCORE", "REPLICATED FROM")
	for _, n := range r.Cluster.Nodes {
		t.row(n.Name, n.State, n.Role, score(n.Score), cmp.Or(n.Publishes, "-"))
	}
	t.end()
}

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
