package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/verify"
)

// writeVerifiedText writes a comparison for a person.
func writeVerifiedText(out io.Writer, r verify.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "database %s\n", printable.Text(r.Database))
	t := newTable(&b)
	t.row("COPY", "ROWS", "SCHEMA", "ADDRESS")
	t.row("A", strconv.Itoa(r.A.Rows), cmp.Or(r.A.SchemaVersion, "-"), r.A.Address)
	t.row("B", strconv.Itoa(r.B.Rows), cmp.Or(r.B.SchemaVersion, "-"), r.B.Address)
	t.end()
	for _, d := range []verify.Description{r.A, r.B} {
		if d.Torn != "" {
			fmt.Fprintf(&b, "%s cannot be read %s; what is before is compared\n", printable.Text(d.Address), printable.Text(d.Torn))
		}
	}
	if r.Settled > 0 {
		fmt.Fprintf(&b, "%d rows differed only until one copy had followed the other\n", r.Settled)
	}
	if r.Same {
		b.WriteString("\nthe copies are the same\n")
	} else {
		writeDifferences(&b, r)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeDifferences(b *strings.Builder, r verify.Result) {
	fmt.Fprintf(b, "\nthe copies differ in %d rows: %d only in A, %d only in B, %d changed\n",
		r.Total, r.Counts[verify.OnlyA], r.Counts[verify.OnlyB], r.Counts[verify.Changed])
	for _, table := range slices.Sorted(maps.Keys(r.Tables)) {
		fmt.Fprintf(b, "  %s: %d\n", printable.Text(table), r.Tables[table])
	}
	words := map[verify.Kind]string{verify.OnlyA: "only in A", verify.OnlyB: "only in B", verify.Changed: "changed"}
	for _, d := range r.Differences {
		fmt.Fprintf(b, "\n%s  %s  %s\n", words[d.Kind], printable.Text(d.Table), printable.Text(d.UUID))
		for _, c := range d.Columns {
			note := ""
			if c.Marker {
				note = " (the agent's own marker)"
			}
			fmt.Fprintf(b, "  %s%s: %s\n", printable.Text(c.Column), note, bothSides(d.Kind, c))
		}
	}
	if more := r.Total - len(r.Differences); more > 0 {
		fmt.Fprintf(b, "\nand %d more rows: list them with --limit %d\n", more, r.Total)
	}
}

// bothSides writes a column's values in each copy.
func bothSides(kind verify.Kind, c verify.Column) string {
	text := func(elements []string) string { return bounded(printable.Text(strings.Join(elements, ", ")), false) }
	switch kind {
	case verify.OnlyA:
		return text(c.A)
	case verify.OnlyB:
		return text(c.B)
	case verify.Changed:
		return fmt.Sprintf("%s in A, %s in B", nothing(text(c.A)), nothing(text(c.B)))
	default:
		return text(c.A) + text(c.B)
	}
}

// text writes a row for each copy, then what differs, and why others were not compared.
func (v verifiedAll) text(colour bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource %s, led by node %s\n\n", printable.Text(v.Resource), printable.Text(v.Active))
	t := newTable(&b)
	t.colour = colour
	t.add(cell{"NODE", styleBold}, cell{"DATABASE", styleBold}, cell{"STATE", styleBold}, cell{"ROWS", styleBold},
		cell{"COPY", styleBold}, cell{"COMPARED WITH", styleBold})
	styles := map[string]style{stateSame: styleGood, stateDiffers: styleBad, stateUnreachable: styleBad}
	for _, c := range v.Copies {
		row := []cell{{text: c.Node}, {text: c.Database}, {c.State, styles[c.State]}, {text: "-"}, {text: "-"}, {text: "-"}}
		if r := c.Result; r != nil {
			row[3].text, row[4].text, row[5].text = strconv.Itoa(r.A.Rows), r.A.Address, r.B.Address
		}
		t.add(row...)
	}
	t.end()
	var reasons []string
	for _, c := range v.Copies {
		if c.State == stateDiffers {
			fmt.Fprintf(&b, "\nnode %s, %s: A is this copy, B that of the active\n", printable.Text(c.Node), printable.Text(c.Database))
			writeDifferences(&b, *c.Result)
		}
		reason := fmt.Sprintf("node %s is not compared: %s\n", printable.Text(c.Node), printable.Text(c.Reason))
		if c.State == stateUnreachable {
			reason = fmt.Sprintf("node %s, %s is not compared: %s\n", printable.Text(c.Node), printable.Text(c.Database), printable.Text(c.Reason))
		}
		if c.Reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		b.WriteString("\n" + strings.Join(reasons, ""))
	}
	return b.String()
}
