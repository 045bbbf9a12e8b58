package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ovndb-servers/pkg/replication"
)

// costText shows the known positions of the nodes, and the losses if this node's data leads.
func costText(resource string, s replication.Survey) string {
	var b strings.Builder
	fmt.Fprintf(&b, "node %s, resource %s\ncluster record: %s\n", s.Node, resource, recordText(s.Record))
	if len(s.Promoted) > 0 {
		fmt.Fprintf(&b, "promoted now: %s\n", strings.Join(s.Promoted, ", "))
	} else {
		b.WriteString("promoted now: no other node\n")
	}
	b.WriteString("\n")
	writePositions(&b, s)
	b.WriteString("\nIf the data of this node leads:\n")
	for _, cost := range costs(s) {
		fmt.Fprintf(&b, "  - %s\n", cost)
	}
	return b.String()
}

func recordText(r *replication.Record) string {
	if r == nil {
		return (*recordReport)(nil).text()
	}
	return (&recordReport{Term: r.Term, TermID: r.TermID, Node: r.Node, Blessed: r.Blessed}).text()
}

func writePositions(b *strings.Builder, s replication.Survey) {
	t := newTable(b)
	t.row("NODE", "DATABASE", "HOLDS", "CURRENT", "LINEAGE", "REPORTED")
	rows := func(node string, positions replication.Positions, reported string) {
		for _, database := range slices.Sorted(maps.Keys(positions)) {
			p := positions[database]
			isCurrent := "-"
			if s.Record != nil {
				isCurrent = yesNo(p.Current(*s.Record))
			}
			t.row(node, database, p.Summary(), isCurrent, short(p.Lineage), reported)
		}
	}
	rows(s.Node, s.Own, "read now")
	for _, node := range slices.Sorted(maps.Keys(s.Others)) {
		rows(node, s.Others[node], "in its last answer; it may hold more")
	}
	t.end()
}

// costs lists the losses, known and possible.
func costs(s replication.Survey) []string {
	var all []string
	if s.Record != nil && !s.Own.Current(*s.Record) {
		all = append(all, fmt.Sprintf("all that was written in term %d, and everything else this node has not received, is gone from the cluster", s.Record.Term))
	}
	more := s.HoldMore()
	for _, node := range slices.Sorted(maps.Keys(s.Others)) {
		all = append(all, costsAt(node, s.Own, s.Others[node], slices.Contains(more, node))...)
	}
	if r := s.Record; r != nil && r.Node != s.Node && s.Others[r.Node] == nil {
		all = append(all, fmt.Sprintf("the data of node %s, which led term %d, is unknown: rows that only it has are discarded when it comes back (kept in a snapshot there first)", r.Node, r.Term))
	}
	if len(s.Promoted) > 0 {
		all = append(all, fmt.Sprintf("nothing happens as long as node %s is promoted; if this node follows it meanwhile, the blessing is void", strings.Join(s.Promoted, ", ")))
	}
	if len(all) == 0 {
		all = append(all, "no loss is known: the blessing only replaces an election, in which other nodes might report later data")
	}
	return all
}

// costsAt lists the losses on another node.
func costsAt(node string, own, other replication.Positions, holdsMore bool) []string {
	var all []string
	switch {
	case otherOrigin(own, other): // which cannot be compared
		all = append(all, fmt.Sprintf("node %s has data of another origin and will refuse to follow: to let it, stop the resource there and move its database files away", node))
	case holdsMore:
		all = append(all, fmt.Sprintf("node %s holds more than this node; when it follows this one, rows that only it has are discarded there (kept in a snapshot first)", node))
	}
	if otherContent(own, other) {
		all = append(all, fmt.Sprintf("node %s has other rows from before there were terms; they are discarded there when it follows (kept in a snapshot first)", node))
	}
	return all
}

func otherOrigin(own, other replication.Positions) bool {
	for database, p := range own {
		q := other[database]
		if p.Marked() && q.Marked() && p.Lineage != q.Lineage {
			return true
		}
	}
	return false
}

func otherContent(own, other replication.Positions) bool {
	for database, p := range own {
		q := other[database]
		if !q.Marked() && q.Content != "" && p.Content != q.Content {
			return true
		}
	}
	return false
}
