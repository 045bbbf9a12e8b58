package ovsdbfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	rowuuid "github.com/google/uuid"
)

// A RowIndex finds the rows of a database file in it, without holding them: it takes 24 bytes for
// each row and each later change of one, and reads the values when they are asked for. It is safe
// for concurrent use once it has been built.
type RowIndex struct {
	// Schema is the first record of the file: a <database-schema> (RFC 7047, section 3.2).
	Schema []byte
	// Torn is why the content ends before the file does; nil if it does not.
	Torn *TornError

	file    io.ReaderAt
	size    int64 // of the part that can be read, in bytes
	changes map[string]*changeList
}

// A RowValue is a row, or a change of it: an object of columns.
type RowValue struct {
	JSON []byte
	// Diff is set if composite columns are differences to their previous values, as
	// ovsdb_datum_diff in lib/ovsdb-data.c makes them.
	Diff bool
}

// IndexRows reads the first size bytes of a database file. Like a server it takes the records
// before one that cannot be read as the content. The error is that of the file or of ctx,
// [ErrNotDatabase] or [ErrClustered], or ErrTorn if not even the schema can be read.
func IndexRows(ctx context.Context, file io.ReaderAt, size int64) (*RowIndex, error) {
	first, err := NewReader(io.NewSectionReader(file, 0, min(size, maxSchema))).Next()
	if err != nil {
		return nil, err
	}
	x := &RowIndex{Schema: bytes.TrimSpace(first.JSON), file: file, changes: map[string]*changeList{}}
	l := newLog(nil, "")
	l.resume(file, size)
	l.stream.before = ctx.Err
	var names schema
	if err := l.read(names.parse, nil); err != nil {
		return nil, err
	}
	for _, table := range names.tables {
		x.changes[table] = &changeList{}
	}
	for err == nil {
		err = x.addRecord(l)
	}
	if !errors.As(err, &x.Torn) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	x.size = l.size
	for table, changes := range x.changes {
		if err := changes.settle(); err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
	}
	return x, nil
}

// addRecord adds the changes of the next record, all or none of them.
func (x *RowIndex) addRecord(l *log) error {
	before := map[string]int{} // the number of changes of each table that the record has
	diff := false
	err := l.read(func(s *scanner) error { return x.parse(l, s, before, &diff) }, nil)
	for table, start := range before {
		switch changes := x.changes[table]; {
		case err != nil:
			changes.truncate(start)
		case !diff: // _is_diff may come after the rows
			changes.setWhole(start)
		}
	}
	return err
}

func (x *RowIndex) parse(l *log, s *scanner, before map[string]int, diff *bool) error {
	return s.members(func(name []byte) error {
		if string(name) == "_is_diff" {
			var t transaction
			err := t.parseDiff(s)
			*diff = t.diff
			return err
		}
		table := string(name)
		if changes, known := x.changes[table]; known {
			if _, again := before[table]; !again {
				before[table] = changes.length
			}
			return s.members(func(id []byte) error { return x.addRow(l, s, table, id) })
		}
		if len(name) > 0 && name[0] == '_' {
			return s.skip()
		}
		return badRecord("table %.40q is not in the schema (a second schema?)", name)
	})
}

func (x *RowIndex) addRow(l *log, s *scanner, table string, name []byte) error {
	id, err := parseUUID(name)
	if err != nil {
		return err
	}
	gone, err := s.null() // stands at the first byte of the value then
	if err != nil {
		return err
	}
	change := indexedChange{id: id, kind: changeDiff}
	change.setOffset(l.stream.offset - int64(len(s.piece)-s.pos))
	if gone {
		change.kind = changeGone
	}
	x.changes[table].add(change)
	if gone {
		return nil
	}
	return s.skipObject()
}

// IDs returns the UUIDs of the rows of a table, sorted.
func (x *RowIndex) IDs(table string) []rowuuid.UUID {
	changes, known := x.changes[table]
	if !known {
		return nil
	}
	ids := make([]rowuuid.UUID, 0, changes.length)
	for start := 0; start < changes.length; start = changes.endOfRow(start) {
		ids = append(ids, changes.at(start).id)
	}
	return ids
}

// Values returns a row as it was inserted and the changes since, in their order; none if there is no
// such row. The error is that of the file.
func (x *RowIndex) Values(table string, id rowuuid.UUID) ([]RowValue, error) {
	changes, known := x.changes[table]
	if !known {
		return nil, nil
	}
	start := changes.search(id)
	if start == changes.length || changes.at(start).id != id {
		return nil, nil
	}
	values, _, err := x.values(table, changes, start, nil)
	return values, err
}

// Each calls a function with each row of a table whose UUID begins with the given byte, in the order of
// the UUIDs, and with its values as [RowIndex.Values] returns them, which are valid until the function
// returns. The error is the function's first one, or that of the file.
func (x *RowIndex) Each(table string, begin byte, do func(id rowuuid.UUID, values []RowValue) error) error {
	changes, known := x.changes[table]
	if !known {
		return nil
	}
	var buffer []byte
	for start := changes.search(rowuuid.UUID{begin}); start < changes.length; start = changes.endOfRow(start) {
		id := changes.at(start).id
		if id[0] != begin {
			return nil
		}
		var values []RowValue
		var err error
		if values, buffer, err = x.values(table, changes, start, buffer[:0]); err != nil {
			return err
		}
		if err := do(id, values); err != nil {
			return err
		}
	}
	return nil
}

// values reads the row whose changes begin at start. Their text is appended to the buffer.
func (x *RowIndex) values(table string, changes *changeList, start int, buffer []byte) ([]RowValue, []byte, error) {
	end := changes.endOfRow(start)
	values := make([]RowValue, 0, end-start)
	for i := start; i < end; i++ {
		change, before := changes.at(i), len(buffer)
		var err error
		if buffer, err = x.read(change.offset(), buffer); err != nil {
			return nil, nil, fmt.Errorf("cannot read row %v of table %s: %w", rowuuid.UUID(change.id), table, err)
		}
		values = append(values, RowValue{JSON: buffer[before:], Diff: change.kind == changeDiff && i > start})
	}
	return values, buffer, nil
}

// maxSchema bounds the first record of a file, the schema, in bytes. Those of OVN have some 30 000.
const maxSchema = 16 << 20

// rowPiece is the number of bytes that are read at a time of a row, most of which are shorter.
const rowPiece = 1 << 10

// maxRow bounds the text of a row, in bytes. The longest ones of OVN, sets of addresses or ports, have
// some millions.
const maxRow = 256 << 20

// read appends the object that begins at an offset to a buffer.
func (x *RowIndex) read(at int64, buffer []byte) ([]byte, error) {
	start := len(buffer)
	var s scanner
	s.more = func() ([]byte, error) {
		length := len(buffer) - start
		left := x.size - at - int64(length)
		switch {
		case left <= 0:
			return nil, io.EOF
		case length > maxRow:
			return nil, fmt.Errorf("%w: a row has more than %d bytes", ErrNotDatabase, maxRow)
		}
		piece := max(rowPiece, length)
		buffer = slices.Grow(buffer, piece)
		end := len(buffer)
		n, err := x.file.ReadAt(buffer[end:end+int(min(left, int64(piece)))], at+int64(length))
		if n > 0 {
			err = nil
		}
		buffer = buffer[:end+n]
		return buffer[end:], err
	}
	if err := s.skipObject(); err != nil {
		return nil, err
	}
	return buffer[:len(buffer)-(len(s.piece)-s.pos)], nil
}
