package ovsdbfile

import (
	"maps"
	"slices"
)

// content is the part of a database that is tracked through its transactions: the UUIDs of
// all rows, and the external_ids of the global table.
type content struct {
	tables  map[string]*table
	global  map[uuid]externalIDs
	partial bool // the rows outside the global table are unknown
}

// table is a table of the schema with its present rows; nil if they are unknown.
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

// resumedContent returns content of which only the global table is known.
func resumedContent(tables []string, globalTable string, global map[uuid]externalIDs) *content {
	c := newContent(tables, globalTable)
	c.global, c.partial = maps.Clone(global), true
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

// has reports whether a row exists, or may exist if the rows are unknown.
func (t *table) has(id uuid) bool {
	_, exists := t.rows[id]
	return exists || t.rows == nil
}

func (t *table) add(id uuid) {
	if t.rows != nil {
		t.rows[id] = struct{}{}
	}
}

// apply executes t and reports whether it set, changed or removed key in the external_ids of
// a row of the global table. A new row sets every key that it has. If t cannot be executed,
// nothing changes.
func (c *content) apply(t *transaction, key string) (touched bool, err error) {
	for _, row := range t.rows {
		if !row.gone {
			continue
		}
		if !row.table.has(row.id) {
			return false, badRecord("row %v is deleted from table %s, but does not exist", row.id, row.table.name)
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

// setGlobal sets the external_ids of a row and reports whether that changed the value of
// key, or the row is new and has it.
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

// rows counts the rows outside the ignored tables; RowsUnknown if they are unknown.
func (c *content) rows(ignore []string) int {
	if c.partial {
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
