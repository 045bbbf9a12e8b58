package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"ovndb-servers/pkg/printable"
)

// table lays out rows of cells in columns.
type table struct {
	out    *strings.Builder
	colour bool
	rows   [][]cell
}

// cell is a printable text with a style.
type cell struct {
	text  string
	style style
}

func newTable(b *strings.Builder) *table { return &table{out: b} }

// row adds a row without styles.
func (t *table) row(texts ...string) {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i].text = text
	}
	t.add(cells...)
}

func (t *table) add(cells ...cell) {
	for i := range cells {
		cells[i].text = printable.Text(cells[i].text)
	}
	t.rows = append(t.rows, cells)
}

// columnGap is between two columns.
const columnGap = 2

// end writes the rows. The last cell of each is not filled up.
func (t *table) end() {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range t.rows {
		for i, c := range row {
			t.out.WriteString(c.style.on(c.text, t.colour))
			if i < len(row)-1 {
				t.out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+columnGap))
			}
		}
		t.out.WriteString("\n")
	}
	t.rows = nil
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

func number(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// age writes a number of seconds for a person.
func age(seconds *float64) string {
	const minute, hour, day = 60, 3600, 86400
	if seconds == nil {
		return "-"
	}
	switch s := *seconds; {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 2*minute:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*hour:
		return fmt.Sprintf("%.0f min", s/minute)
	case s < 2*day:
		return fmt.Sprintf("%.0f h", s/hour)
	default:
		return fmt.Sprintf("%.0f d", s/day)
	}
}
