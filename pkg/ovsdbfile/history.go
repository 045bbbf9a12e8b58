package ovsdbfile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// Entry is one record of a database file, without the values of its rows.
type Entry struct {
	// Offset is where the record begins in the file, Size how long it is with its header, in bytes.
	Offset, Size int64
	// Schema and SchemaVersion are those of the first record, and empty in all others.
	Schema, SchemaVersion string
	// Date is when the server wrote the record, by its clock; zero if it does not say.
	Date time.Time
	// Comment is that of the transaction, of up to 64 KiB. A transaction that a server has
	// replicated has none.
	Comment string
	// Tables counts the rows that the record writes and deletes, by table.
	Tables map[string]RowCount
	// HasRow reports whether the record changes the row that was asked for.
	HasRow bool
	// Before and After are the external_ids of the global row of which the prefix was asked for,
	// before and after the record; nil if there is no such row.
	Before, After map[string]string
	// Emptied says that the record deletes the global row: a backup does that before it copies all.
	Emptied bool
	// Compacted says that the record is the whole content, as a server that compacts its file
	// writes it.
	Compacted bool
}

// RowCount is how many rows of a table a record has.
type RowCount struct {
	// Written were inserted or modified, which a record does not tell apart.
	Written int `json:"written,omitempty"`
	Deleted int `json:"deleted,omitempty"`
}

// HistoryOptions select the transactions of a [History].
type HistoryOptions struct {
	// GlobalTables are the possible names of the table with the global row.
	GlobalTables []string
	// Key is one of the external_ids that entries have: those that begin as it does, up to its last
	// colon.
	Key string
	// Row is the UUID of the row for HasRow; empty for none.
	Row string
}

// A History reads the records of a database file one by one. Its memory depends neither on the
// number of records nor on that of rows. It is not safe for concurrent use.
type History struct {
	path    string
	options HistoryOptions
	row     *uuid

	file        *os.File
	found       identity
	log         *log
	content     *content
	transaction transaction
}

// OpenHistory opens a database file. The errors are those of [Open], and [ErrNoUUID].
func OpenHistory(path string, options HistoryOptions) (*History, error) {
	h := &History{path: path, options: options}
	if options.Row != "" {
		id, err := parseUUID([]byte(options.Row))
		if err != nil {
			return nil, fmt.Errorf("%w: %q", ErrNoUUID, options.Row)
		}
		h.row = &id
	}
	return h, h.open()
}

// ErrNoUUID is returned for a row that is not named by its UUID.
var ErrNoUUID = errors.New("no UUID of a row")

func (h *History) open() error {
	file, err := Open(h.path)
	if err != nil {
		return err
	}
	found, size, err := examine(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	h.file, h.found, h.content = file, found, nil
	h.log = newLog(file, h.path)
	h.log.resume(file, size)
	return nil
}

// Close closes the file.
func (h *History) Close() error { return h.file.Close() }

// HasTable reports whether the schema has a table. It is known after the first record.
func (h *History) HasTable(name string) bool {
	return h.content != nil && h.content.tables[name] != nil
}

// Tables returns the names of the schema's tables, sorted. They are known after the first record.
func (h *History) Tables() []string {
	if h.content == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(h.content.tables))
}

// Next returns the next record. The error is io.EOF at the end of the file, a *[TornError] where
// it cannot be read, [ErrNotDatabase] or [ErrClustered], or that of ctx.
func (h *History) Next(ctx context.Context) (Entry, error) {
	h.log.stream.before = ctx.Err
	e := Entry{Offset: h.log.size}
	var err error
	if h.content == nil {
		err = h.readSchema(&e)
	} else {
		err = h.readTransaction(&e)
	}
	e.Size = h.log.size - e.Offset
	return e, err
}

// Advance looks for records that were added since the end was reached. It reports whether a server
// has put another file in the place, as when it compacts: then the next record is that file's first.
func (h *History) Advance() (replaced bool, err error) {
	file, err := Open(h.path)
	if err != nil {
		return false, err
	}
	found, size, err := examine(file)
	if err != nil {
		return false, errors.Join(err, file.Close())
	}
	if !h.found.becomes(found) || size < h.log.size {
		return true, errors.Join(file.Close(), h.file.Close(), h.open())
	}
	h.found = found
	h.log.resume(h.file, size)
	return false, file.Close()
}

func (h *History) readSchema(e *Entry) error {
	var first schema
	if err := h.log.read(first.parse, nil); err != nil {
		return err
	}
	e.Schema, e.SchemaVersion = first.name, first.version
	global := ""
	for _, table := range h.options.GlobalTables {
		if slices.Contains(first.tables, table) {
			global = table
		}
	}
	h.content = resumedContent(first.tables, global, nil)
	h.transaction = transaction{prefix: prefixOf(h.options.Key), counts: &rowCounts{row: h.row}}
	return nil
}

func (h *History) readTransaction(e *Entry) error {
	e.Before = maps.Clone(h.content.single())
	deleted := 0
	err := h.log.read(
		func(s *scanner) error { return h.transaction.parse(s, h.content.tables) },
		func() error {
			for _, row := range h.transaction.rows {
				if row.gone {
					deleted++
				}
			}
			_, err := h.content.apply(&h.transaction, h.options.Key)
			return err
		})
	if err != nil {
		return err
	}
	t := &h.transaction
	e.Date, e.Comment, e.Tables, e.HasRow = dateOf(t.date), t.counts.comment, maps.Clone(t.counts.tables), t.counts.found
	e.After = maps.Clone(h.content.single())
	e.Emptied = deleted > 0 && len(h.content.global) == 0
	e.Compacted = e.Comment == compactedOnline || e.Comment == compactedOffline
	return nil
}

// The comments of ovsdb-server and of ovsdb-tool on the whole content: ovsdb/ovsdb.c and
// ovsdb/ovsdb-tool.c.
const (
	compactedOnline  = "compacting database online"
	compactedOffline = "compacting database offline"
)

// dateOf returns the time of a date of a record: milliseconds since 1970, or seconds of a server
// before Open vSwitch 2.5, see ovsdb(5).
func dateOf(date int64) time.Time {
	const latestSeconds = 1 << 31
	switch {
	case date == 0:
		return time.Time{}
	case date < latestSeconds:
		return time.Unix(date, 0)
	default:
		return time.UnixMilli(date)
	}
}

// rowCounts counts the rows of a record, and keeps its comment.
type rowCounts struct {
	row *uuid // to look for; may be nil

	tables  map[string]RowCount
	found   bool
	comment string
}

func (c *rowCounts) reset() { *c = rowCounts{row: c.row, tables: map[string]RowCount{}} }

func (c *rowCounts) add(row rowChange) {
	count := c.tables[row.table.name]
	if row.gone {
		count.Deleted++
	} else {
		count.Written++
	}
	c.tables[row.table.name] = count
	c.found = c.found || c.row != nil && *c.row == row.id
}
