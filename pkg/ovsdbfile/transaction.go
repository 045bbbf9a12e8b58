package ovsdbfile

import (
	"math"
	"time"
)

// transaction is what of a transaction record is needed. It is collected before the
// record's checksum is known to be right, and applied afterwards.
type transaction struct {
	date   time.Time // zero if there is none
	diff   bool      // columns of rows that exist already are differences
	rows   []rowChange
	global []globalChange
}

// rowChange says that a row is there, new or not, or has been deleted.
type rowChange struct {
	table *table
	id    uuid
	gone  bool
}

// globalChange is the external_ids of a row of the global table that is there. ids is
// nil if the record does not mention the column.
type globalChange struct {
	id  uuid
	ids externalIDs
}

func (t *transaction) reset() {
	*t = transaction{rows: t.rows[:0], global: t.global[:0]}
}

// rest gives up the space that a large record has needed.
func (t *transaction) rest() {
	if cap(t.rows) > keptRows {
		*t = transaction{}
	}
}

// keptRows is how many rows a record may change whose space is kept for the next one.
const keptRows = 256

// others counts the rows of other tables than the global one.
func (t *transaction) others() int {
	count := 0
	for _, row := range t.rows {
		if !row.table.global {
			count++
		}
	}
	return count
}

// parse reads a transaction record as ovsdb_file_txn_from_json in ovsdb/file.c does. The
// order of members is arbitrary: _is_diff may come last.
func (t *transaction) parse(s *scanner, tables map[string]*table) error {
	t.reset()
	return s.members(func(name []byte) error {
		switch string(name) {
		case "_date":
			return t.parseDate(s)
		case "_is_diff":
			return t.parseDiff(s)
		}
		if table := tables[string(name)]; table != nil {
			return t.parseTable(s, table)
		}
		if len(name) > 0 && name[0] == '_' {
			// Names of tables do not begin so (RFC 7047, section 3.2, reserves them).
			// Of such members only _comment is known.
			return s.skip()
		}
		return badRecord("table %.40q is not in the schema (a second schema?)", name)
	})
}

func (t *transaction) parseDate(s *scanner) error {
	date, err := s.integer()
	if err != nil {
		return err
	}
	if date >= 0 && date <= math.MaxUint32 {
		t.date = time.Unix(date, 0) // of an early version, see ovsdb(5)
	} else {
		t.date = time.UnixMilli(date)
	}
	return nil
}

func (t *transaction) parseDiff(s *scanner) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if t.diff = c == 't'; t.diff {
		return s.word("true")
	}
	return s.word("false")
}

func (t *transaction) parseTable(s *scanner, table *table) error {
	return s.members(func(name []byte) error {
		id, err := parseUUID(name)
		if err != nil {
			return err
		}
		gone, err := s.null()
		if err != nil {
			return err
		}
		t.rows = append(t.rows, rowChange{table: table, id: id, gone: gone})
		switch {
		case gone:
			return nil
		case table.global:
			return t.parseGlobal(s, id)
		default:
			return s.skipObject()
		}
	})
}

func (t *transaction) parseGlobal(s *scanner, id uuid) error {
	change := globalChange{id: id}
	err := s.members(func(column []byte) error {
		if string(column) != "external_ids" {
			return s.skip()
		}
		var err error
		change.ids, err = parseExternalIDs(s)
		return err
	})
	t.global = append(t.global, change)
	return err
}
