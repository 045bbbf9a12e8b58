package main

import (
	"fmt"
	"strconv"
	"strings"

	"ovndb-servers/pkg/printable"
)

// text writes the servers for a person.
func (r remoteReport) text(colour bool) string {
	var b strings.Builder
	t := newTable(&b)
	t.colour = colour
	header := []string{"DATABASE", "ROLE", "STATE", "TERM", "BEAT", "ADDRESS"}
	if r.wide {
		header = []string{"DATABASE", "ROLE", "STATE", "TERM", "BEAT", "TERM ID", "LINEAGE", "ADDRESS"}
	}
	var cells []cell
	for _, text := range header {
		cells = append(cells, cell{text, styleBold})
	}
	t.add(cells...)
	for _, c := range r.Copies {
		t.add(r.cells(c)...)
	}
	t.end()
	notes := r.uncompared()
	for _, note := range notes {
		fmt.Fprintf(&b, "\n%s %s", styleWarn.on("unknown:", colour), printable.Text(note))
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\n%s %s", styleBad.on("problem:", colour), printable.Text(strings.ReplaceAll(p, "\n", "; ")))
	}
	if len(r.Problems)+len(notes) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// uncompared says of each backup that is not compared with the only active how its rows are.
func (r remoteReport) uncompared() []string {
	actives := map[string]string{} // an address of it, by database
	for _, c := range r.Copies {
		if c.Role == roleActive && c.State == stateFresh && actives[c.Database] == "" {
			actives[c.Database] = c.Address
		}
	}
	var notes []string
	for _, c := range r.Copies {
		active := actives[c.Database]
		if c.Role != roleBackup || c.State != stateUnknown || active == "" {
			continue
		}
		note := fmt.Sprintf("the %s server at %s is not compared, as the active has no marker of this agent; "+
			"compare their rows with: ovndb-servers verify %s %s", c.Database, c.Address, active, c.Address)
		if strings.HasPrefix(active, "ssl:") || strings.HasPrefix(c.Address, "ssl:") {
			note += " -p KEY -c CERTIFICATE -C CA"
		}
		notes = append(notes, note)
	}
	return notes
}

func (r remoteReport) cells(c remoteCopy) []cell {
	shown := copyReport{Role: c.Role, State: c.State}
	beat := "-"
	if c.TermID != "" {
		beat = strconv.FormatUint(c.Beat, 10)
	}
	state := cell{text: c.State, style: shown.stateStyle()}
	if c.State == stateNotListening {
		state.style = styleNone // a backup of this agent does not listen
	}
	cells := []cell{{text: c.Database}, {text: c.Role, style: shown.roleStyle()}, state, {text: term(c.Term)}, {text: beat}}
	if r.wide {
		cells = append(cells, cell{text: short(c.TermID)}, cell{text: short(c.Lineage)})
	}
	return append(cells, cell{text: c.Address})
}
