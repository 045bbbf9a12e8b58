package main

import (
	"maps"
	"slices"

	"ovndb-servers/integration/ovsdb"
)

// ledger is the book of the rows of one database that were acknowledged and not seen
// lost yet. A row that is lost is counted once.
type ledger struct {
	rows map[string]bool
}

func newLedger() *ledger { return &ledger{rows: map[string]bool{}} }

// enter adds rows that were acknowledged.
func (l *ledger) enter(names ...string) {
	for _, name := range names {
		l.rows[name] = true
	}
}

// missing returns how many rows are not among names.
func (l *ledger) missing(names []string) int {
	return len(l.absent(names))
}

// strike strikes out the rows that are not among names, and returns how many.
func (l *ledger) strike(names []string) int {
	lost := l.absent(names)
	for _, name := range lost {
		delete(l.rows, name)
	}
	return len(lost)
}

// absent returns the rows that are not among names.
func (l *ledger) absent(names []string) []string {
	return ovsdb.Missing(slices.Collect(maps.Keys(l.rows)), names)
}
