package ovsdbfile

import (
	"maps"
	"slices"
)

// content is what of a database is tracked through its transactions: which rows there
// are, and what the global table's external_ids hold.
type content struct {
	tables map[string]*table
	global map[uuid]externalIDs
	blind  bool // to rows outside the global table
}

// table is a table of the schema with the rows that are there; nil if nobody knows which.
type table struct {
	name   string
	global bool
	rows   map[uuid]struct{}
}

func newContent(tables []string, globalTable string) *content {
	c := &content{tables: make(map[string]*table, len(tables)), global: map[uuid]externalIDs{}}
	for _, name := range tables {
		c.tables[name] = &table{name: name, global: name == globalTable, rows: map[uuid]struct{}{}}
	}
	return c
}

// resumedContent is content of which only the global table is known.
func resumedContent(tables []string, globalTable string, global map[uuid]externalIDs) *content {
	c := newContent(tables, globalTable)
	c.global, c.blind = maps.Clone(global), true
	if c.global == nil {
		c.global = map[uuid]externalIDs{}
	}
	for _, table := range c.tables {
		if !table.global {
			table.rows = nil
			continue
		}
		for id := range c.global {
			table.rows[id] = struct{}{}
		}
	}
	return c
}

// consistent reports whether the rows of the global table are those whose external_ids
// are known. They are not after a record that has a row twice.
func (c *content) consistent() bool {
	for _, table := range c.tables {
		if table.global {
			return maps.EqualFunc(table.rows, c.global, func(struct{}, externalIDs) bool { return true })
		}
	}
	return len(c.global) == 0
}

// has reports whether a row may be there.
func (t *table) has(id uuid) bool {
	_, exists := t.rows[id]
	return exists || t.rows == nil
}

func (t *table) add(id uuid) {
	if t.rows != nil {
		t.rows[id] = struct{}{}
	}
}

// apply carries out t and reports whether it set, changed or removed key in the
// external_ids of a row of the global table. A row that is new sets every key that it
// has. If t cannot be carried out nothing is.
func (c *content) apply(t *transaction, key string) (touched bool, err error) {
	for _, row := range t.rows {
		if !row.gone {
			continue
		}
		if !row.table.has(row.id) {
			return false, badRecord("row %v is deleted from table %s, but is not there", row.id, row.table.name)
		}
	}
	for _, change := range t.global {
		if c.setGlobal(change, t.diff, key) {
			touched = true
		}
	}
	for _, row := range t.rows {
		switch {
		case !row.gone:
			row.table.add(row.id)
		case row.table.global:
			_, had := c.global[row.id][key]
			touched = touched || had
			delete(c.global, row.id)
			fallthrough
		default:
			delete(row.table.rows, row.id)
		}
	}
	return touched, nil
}

// setGlobal reports whether the value of key is another one now, or is that of a new row.
func (c *content) setGlobal(change globalChange, diff bool, key string) bool {
	old, exists := c.global[change.id]
	ids := change.ids
	switch {
	case ids == nil && exists:
		return false
	case ids == nil:
		ids = externalIDs{}
	case exists && diff:
		ids = old.apply(ids)
	}
	c.global[change.id] = ids
	before, had := old[key]
	after, has := ids[key]
	return had != has || before != after
}

// rows counts the rows outside the tables named; RowsUnknown if nobody knows.
func (c *content) rows(ignore []string) int {
	if c.blind {
		return RowsUnknown
	}
	count := 0
	for _, table := range c.tables {
		if !slices.Contains(ignore, table.name) {
			count += len(table.rows)
		}
	}
	return count
}

// single returns the external_ids of the only row of the global table, nil if there is
// not exactly one.
func (c *content) single() externalIDs {
	if len(c.global) != 1 {
		return nil
	}
	for _, ids := range c.global {
		return ids
	}
	return nil
}
