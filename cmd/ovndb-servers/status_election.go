package main

import (
	"cmp"
	"fmt"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/printable"
)

// writeElection writes when the last election of this node was, how it ended and why, and who answered what.
func writeElection(b *strings.Builder, e control.LastElection) {
	outcome := "no node could lead"
	switch {
	case e.Leads:
		outcome = "this node was to lead"
	case e.Yielded != "":
		outcome = "left to node " + e.Yielded
	case len(e.Waited) > 0:
		outcome = "without the answer of " + strings.Join(e.Waited, ", ")
	}
	fmt.Fprintf(b, "\nlast election of this node, after term %s, at %s: %s, by the rule %q\n",
		term(e.Term), e.Held.UTC().Format(historyTime), printable.Text(outcome), e.Rule)
	t := newTable(b)
	for _, a := range e.Answers {
		held := cmp.Or(a.Holds, "no answer, or not asked")
		if a.Unable != "" {
			held += "; cannot lead: " + oneLine(a.Unable)
		}
		t.row("  "+a.Node+":", held)
	}
	t.end()
	if e.Reason != "" {
		fmt.Fprintf(b, "  %s\n", oneLine(e.Reason))
	}
}
