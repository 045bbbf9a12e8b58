package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The markers between which the results are in the document.
const (
	documentBegin = "<!-- bench -->"
	documentEnd   = "<!-- /bench -->"
)

// markdown returns the report for a document in Markdown.
func (r *report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n%s\n\n", r.headline(), r.explanation())
	var lines [][]string
	for _, row := range r.rows() {
		lines = append(lines, row.fields())
	}
	markdownTable(&out, columns(), lines)
	if len(r.Sizes) > 0 {
		sizes := r.sizeLines()
		out.WriteString("\n")
		markdownTable(&out, sizes[0], sizes[1:])
	}
	for i, remark := range r.remarks() {
		if i == 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "- %s\n", escape(remark))
	}
	return out.String()
}

// markdownTable writes a table.
func markdownTable(out *strings.Builder, head []string, lines [][]string) {
	write := func(cells []string) {
		out.WriteString("|")
		for _, cell := range cells {
			fmt.Fprintf(out, " %s |", escape(cell))
		}
		out.WriteString("\n")
	}
	lower := make([]string, len(head))
	for i, title := range head {
		lower[i] = strings.ToLower(title)
	}
	write(lower)
	out.WriteString("|" + strings.Repeat("---|", len(head)) + "\n")
	for _, line := range lines {
		write(line)
	}
}

// escape keeps the text of a cell from ending it.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// errNoMarkers is returned when a file has no place for the results.
var errNoMarkers = errors.New("no place for the results between " + documentBegin + " and " + documentEnd)

// updateDocument puts text between the markers of a file.
func updateDocument(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the file for the results: %w", err)
	}
	updated, err := between(string(old), text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot read the mode of the file for the results: %w", err)
	}
	if err := os.WriteFile(path, []byte(updated), info.Mode()); err != nil {
		return fmt.Errorf("cannot write the results: %w", err)
	}
	return nil
}

// between replaces the text between the markers.
func between(document, text string) (string, error) {
	begin, end := strings.Index(document, documentBegin), strings.Index(document, documentEnd)
	if begin < 0 || end < begin {
		return "", errNoMarkers
	}
	return document[:begin] + documentBegin + "\n" + strings.TrimSpace(text) + "\n" + document[end:], nil
}
