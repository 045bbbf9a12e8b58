package verify

import (
	"cmp"
	"slices"
	"strings"
)

// Kind says how a row differs.
type Kind string

// The kinds of difference.
const (
	// OnlyA is a row that only the first copy has.
	OnlyA Kind = "only_a"
	// OnlyB is a row that only the second copy has.
	OnlyB Kind = "only_b"
	// Changed is a row of both with different values.
	Changed Kind = "changed"
)

// A Result says whether two copies are the same. Its JSON keys are stable; new ones may come.
type Result struct {
	Database string      `json:"database"`
	Same     bool        `json:"same"`
	A        Description `json:"a"`
	B        Description `json:"b"`
	// Settled counts the rows that differed only until one copy had followed the other.
	Settled int `json:"settled"`
	// Total counts the rows that differ, also those that are not listed.
	Total       int            `json:"total"`
	Counts      map[Kind]int   `json:"counts"`
	Tables      map[string]int `json:"tables"`
	Differences []Difference   `json:"differences"`
}

// A Description is of one of the copies.
type Description struct {
	Address       string `json:"address"`
	SchemaVersion string `json:"schema_version"`
	Rows          int    `json:"rows"`
	// Torn says from where on a file cannot be read. The part before it is its content.
	Torn string `json:"torn,omitempty"`
}

// A Difference is a row that differs.
type Difference struct {
	Kind  Kind   `json:"kind"`
	Table string `json:"table"`
	UUID  string `json:"uuid"`
	// Columns are those that differ; of a row that only one copy has, those that are not empty.
	Columns []Column `json:"columns"`
}

// A Column is how a column differs: the elements that only one copy has.
type Column struct {
	Column string   `json:"column"`
	A      []string `json:"a"`
	B      []string `json:"b"`
	// Marker is set if the elements are the agent's own keys.
	Marker bool `json:"marker"`
}

// add counts a row, and lists it if there are fewer than keep.
func (r *Result) add(d Difference, keep int) {
	r.Total++
	r.Counts[d.Kind]++
	r.Tables[d.Table]++
	if len(r.Differences) < keep {
		r.Differences = append(r.Differences, d)
	}
}

func (r *Result) finish() {
	r.Same = r.Total == 0
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.UUID, b.UUID))
	})
}
