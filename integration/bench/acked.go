package main

import (
	"maps"
	"slices"

	"ovndb-servers/integration/ovsdb"
)

// ackedRows are the rows of one database that were acknowledged and not found lost yet. A
// row that is lost is counted once.
type ackedRows struct {
	rows map[string]bool
}

func newAckedRows() *ackedRows { return &ackedRows{rows: map[string]bool{}} }

// add adds rows that were acknowledged.
func (a *ackedRows) add(names ...string) {
	for _, name := range names {
		a.rows[name] = true
	}
}

// missing returns the rows that are not among names.
func (a *ackedRows) missing(names []string) []string {
	return ovsdb.Missing(slices.Collect(maps.Keys(a.rows)), names)
}

// removeMissing removes the rows that are not among names, and returns how many.
func (a *ackedRows) removeMissing(names []string) int {
	lost := a.missing(names)
	for _, name := range lost {
		delete(a.rows, name)
	}
	return len(lost)
}
