package ovsdbctl

import (
	"fmt"
	"math"
)

// A limit bounds a reply. A value of two bytes, "{}", takes some 100 bytes of memory when
// it is decoded, so that a bound in bytes alone would not bound memory.
type limit struct {
	bytes  int64
	values int
	// whole says that maps have all their pairs. Else a [trimmer] leaves those of other programs out
	// of a long reply, before the bounds are applied.
	whole bool
}

// maxValues is enough for any schema and for tables of settings.
const maxValues = 1 << 16

// rowLimit bounds the answers of another node's server about its databases, its global row and its
// role, 64 KiB: without the columns that others have written there, they have a few hundred bytes.
func rowLimit() limit { return limit{bytes: 64 << 10, values: maxValues} }

// ownRowLimit takes the place of rowLimit for this node's own server, 16 MiB and a million values: a
// client that adds rows to the Connection table, some 100 000 of them, must not stop the agent.
func ownRowLimit() limit { return limit{bytes: 16 << 20, values: 1 << 20} }

// schemaLimit bounds a schema, 1 MiB. Those of OVN have less than 64 KiB.
func schemaLimit() limit { return limit{bytes: 1 << 20, values: maxValues} }

// tableLimit bounds the rows of a whole table, 1 GiB: some million rows.
func tableLimit() limit { return limit{bytes: 1 << 30, values: math.MaxInt, whole: true} }

// check returns ErrProtocol if text, which is valid JSON, holds too many values.
func (l limit) check(text []byte) error {
	if l.values == math.MaxInt {
		return nil
	}
	if values := countValues(text); values > l.values {
		return fmt.Errorf("%w: %d values, more than %d", ErrProtocol, values, l.values)
	}
	return nil
}

// countValues returns an upper bound of the number of values and member names in valid
// JSON: each of them is the whole text, begins a container or follows a comma or colon.
func countValues(text []byte) int {
	values, quoted, escaped := 1, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[' || c == ',' || c == ':':
			values++
		}
	}
	return values
}
