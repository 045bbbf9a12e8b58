package ovsdbfile

// transaction is the part of a transaction record that matters here. It is collected before
// the record's checksum is known to be right, and applied afterwards.
type transaction struct {
	prefix string // of the external_ids that matter

	date   int64
	diff   bool // columns of rows that exist already are differences
	rows   []rowChange
	others int // changed rows of tables whose rows are unknown; they are not among rows
	global []globalChange
	counts *rowCounts // of all rows; may be nil. With it, rows are those of the global table alone
}

// rowChange is the insertion, modification or deletion of a row.
type rowChange struct {
	table *table
	id    uuid
	gone  bool // deleted
}

// globalChange is the external_ids of an inserted or modified row of the global table. ids
// is nil if the record does not mention the column.
type globalChange struct {
	id  uuid
	ids externalIDs
}

func (t *transaction) reset() {
	*t = transaction{prefix: t.prefix, rows: t.rows[:0], global: t.global[:0], counts: t.counts}
	if t.counts != nil {
		t.counts.reset()
	}
}

// release frees the memory that a large record needed.
func (t *transaction) release() {
	if cap(t.rows) > maxKeptRows {
		*t = transaction{prefix: t.prefix}
	}
}

// maxKeptRows is the number of changed rows for which memory is kept for the next record.
const maxKeptRows = 256

// changes counts the changed rows.
func (t *transaction) changes() int { return len(t.rows) + t.others }

// changesOfOthers counts the changed rows of other tables than the global one.
func (t *transaction) changesOfOthers() int {
	count := t.others
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
			var err error
			t.date, err = s.integer()
			return err
		case "_comment":
			return t.parseComment(s)
		case "_is_diff":
			return t.parseDiff(s)
		}
		if table := tables[string(name)]; table != nil {
			return t.parseTable(s, table)
		}
		if len(name) > 0 && name[0] == '_' {
			// RFC 7047, section 3.2, reserves such names: they are no tables. ovsdb(5)
			// has _comment besides.
			return s.skip()
		}
		return badRecord("table %.40q is not in the schema (a second schema?)", name)
	})
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

// parseComment reads the comment if rows are counted. Others than texts are passed over.
func (t *transaction) parseComment(s *scanner) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '"' || t.counts == nil {
		return s.skip()
	}
	return readString(s, &t.counts.comment)
}

func (t *transaction) addRow(row rowChange) {
	if t.counts != nil {
		t.counts.add(row)
		if !row.table.global {
			return
		}
	}
	if row.table.rows == nil {
		t.others++ // a record can have more of them than memory is to be used for
		return
	}
	t.rows = append(t.rows, row)
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
		t.addRow(rowChange{table: table, id: id, gone: gone})
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
		change.ids, err = parseExternalIDs(s, t.prefix)
		return err
	})
	t.global = append(t.global, change)
	return err
}
