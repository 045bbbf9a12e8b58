package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// The markers between which the table is in the document.
const (
	tableBegin = "<!-- versions -->"
	tableEnd   = "<!-- /versions -->"
)

// errNoMarkers is returned when a file has no place for the table.
var errNoMarkers = errors.New("no place for the table between " + tableBegin + " and " + tableEnd)

// line is one of the table.
type line struct {
	Release string
	// Versions are in the order of the table's columns.
	Versions []string
	// Date is when the tests ran.
	Date string
	// Unit and Clusters are nil where they were not run: the table keeps its cell.
	Unit, Clusters *count
}

// columns are the table's.
func columns() []string {
	return []string{"Debian", "Open vSwitch", "OVN", "Pacemaker", "Corosync", "unit tests", "tests on clusters"}
}

// failure returns an error if a test failed.
func (l line) failure() error {
	for _, c := range []*count{l.Unit, l.Clusters} {
		if c != nil && len(c.Failed) > 0 {
			return fmt.Errorf("%s: %d tests failed: %s", l.Release, len(c.Failed), strings.Join(c.Failed, ", "))
		}
	}
	return nil
}

// cells returns the line's cells; those of tests that were not run are as before.
func (l line) cells(before []string) []string {
	cells := append([]string{l.Release}, l.Versions...)
	for i, c := range []*count{l.Unit, l.Clusters} {
		cell, at := "not run", len(columns())-2+i
		switch {
		case c != nil:
			cell = fmt.Sprintf("%s: %s", l.Date, c)
		case at < len(before):
			cell = before[at]
		}
		cells = append(cells, cell)
	}
	return cells
}

// updateDocument puts a line into the table of a file.
func updateDocument(path string, l line) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot find the file for the table: %w", err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the file for the table: %w", err)
	}
	updated, err := withLine(string(old), l)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(updated), info.Mode()); err != nil {
		return fmt.Errorf("cannot write the table: %w", err)
	}
	return nil
}

// withLine returns a document with a line in its table, in the place of the one of the same release.
func withLine(document string, l line) (string, error) {
	begin, end := strings.Index(document, tableBegin), strings.Index(document, tableEnd)
	if begin < 0 || end < begin {
		return "", errNoMarkers
	}
	rows := readRows(document[begin:end])
	i := slices.IndexFunc(rows, func(cells []string) bool { return cells[0] == l.Release })
	if i < 0 {
		i = len(rows)
		rows = append(rows, nil)
	}
	rows[i] = l.cells(rows[i])
	return document[:begin] + tableBegin + "\n" + table(rows) + document[end:], nil
}

// readRows returns the cells of a table's lines below its head.
func readRows(text string) (rows [][]string) {
	for content := range strings.Lines(text) {
		content = strings.TrimSpace(content)
		if !strings.HasPrefix(content, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(content, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows[min(len(rows), 2):]
}

func table(rows [][]string) string {
	var out strings.Builder
	write := func(cells []string) { fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | ")) }
	write(columns())
	out.WriteString("|" + strings.Repeat("---|", len(columns())) + "\n")
	for _, cells := range rows {
		write(cells)
	}
	return out.String()
}
