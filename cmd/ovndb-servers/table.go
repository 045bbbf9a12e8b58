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

func newTable(b *strings.Builder) *tabwriter.Writer {
	return tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
}

func writeServers(b *strings.Builder, servers []serverReport) {
	t := newTable(b)
	fmt.Fprintln(t, "DATABASE\tROLE\tREPLICATES FROM\tCONNECTED\tFILE")
	for _, s := range servers {
		from, connected := "-", "-"
		if s.ReplicatesFrom != "" {
			from, connected = s.ReplicatesFrom, yesNo(s.Connected)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.Database, s.Role, from, connected, s.File)
	}
	_ = t.Flush() // a strings.Builder takes everything
}

func writeNodes(b *strings.Builder, r report) {
	if !r.Cluster.Available {
		fmt.Fprintf(b, "\nno word from the cluster: %s\n", cmp.Or(r.Cluster.Error, "unknown reason"))
		return
	}
	t := newTable(b)
	fmt.Fprintln(t, "\nNODE\tSTATE\tROLE\tSCORE\tREPLICATED FROM")
	for _, n := range r.Cluster.Nodes {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Name, n.State, n.Role, score(n.Score), cmp.Or(n.Publishes, "-"))
	}
	_ = t.Flush()
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
