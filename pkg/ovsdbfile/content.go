package ovsdbfile

import "slices"

// content is what of a database is tracked through its transactions: which rows there
// are, and what the global table's external_ids hold.
type content struct {
	tables map[string]*table
	global map[uuid]externalIDs
}

// table is a table of the schema with the rows that are there.
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

// apply carries out t and reports whether it set, changed or removed key in the
// external_ids of a row of the global table. A row that is new sets every key that it
// has. If t cannot be carried out nothing is.
func (c *content) apply(t *transaction, key string) (touched bool, err error) {
	for _, row := range t.rows {
		if !row.gone {
			continue
		}
		if _, exists := row.table.rows[row.id]; !exists {
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
			row.table.rows[row.id] = struct{}{}
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

// rows counts the rows outside the tables named.
func (c *content) rows(ignore []string) int {
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
