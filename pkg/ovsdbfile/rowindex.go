package ovsdbfile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
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
	changes map[string][]indexedChange
}

// A RowValue is a row, or a change of it: an object of columns.
type RowValue struct {
	JSON []byte
	// Diff is set if composite columns are differences to their previous values, as
	// ovsdb_datum_diff in lib/ovsdb-data.c makes them.
	Diff bool
}

// indexedChange is a change of a row and the offset of its value in the file.
type indexedChange struct {
	id   [16]byte
	kind changeKind
	at   [7]byte // big endian, so that changes need no more than 24 bytes
}

type changeKind uint8

const (
	changeWhole changeKind = iota // the columns' values
	changeDiff                    // the columns' differences, if the row exists
	changeGone                    // deleted
)

// IndexRows reads the first size bytes of a database file. Like a server it takes the records
// before one that cannot be read as the content. The error is that of the file or of ctx,
// [ErrNotDatabase] or [ErrClustered], or ErrTorn if not even the schema can be read.
func IndexRows(ctx context.Context, file io.ReaderAt, size int64) (*RowIndex, error) {
	first, err := NewReader(io.NewSectionReader(file, 0, min(size, maxSchema))).Next()
	if err != nil {
		return nil, err
	}
	x := &RowIndex{Schema: bytes.TrimSpace(first.JSON), file: file, changes: map[string][]indexedChange{}}
	l := newLog(nil, "")
	l.resume(file, size)
	l.stream.before = ctx.Err
	var names schema
	if err := l.read(names.parse, nil); err != nil {
		return nil, err
	}
	for _, table := range names.tables {
		x.changes[table] = nil
	}
	for err == nil {
		err = x.addRecord(l)
	}
	if !errors.As(err, &x.Torn) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	x.size = l.size
	for table, changes := range x.changes {
		if x.changes[table], err = present(changes); err != nil {
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
			x.changes[table] = changes[:start]
		case !diff: // _is_diff may come after the rows
			setWhole(changes[start:])
		}
	}
	return err
}

// setWhole makes changes those of a record without _is_diff.
func setWhole(changes []indexedChange) {
	for i := range changes {
		if changes[i].kind == changeDiff {
			changes[i].kind = changeWhole
		}
	}
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
				before[table] = len(changes)
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
	x.changes[table] = append(x.changes[table], change)
	if gone {
		return nil
	}
	return s.skipObject()
}

// present sorts changes by row and place, and drops those of rows that are gone.
func present(changes []indexedChange) ([]indexedChange, error) {
	slices.SortFunc(changes, func(a, b indexedChange) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), bytes.Compare(a.at[:], b.at[:]))
	})
	kept := changes[:0]
	for start := 0; start < len(changes); {
		end := endOfRow(changes, start)
		from := start
		for i := start; i < end; i++ {
			if changes[i].kind == changeGone && i == from {
				return nil, fmt.Errorf("%w: row %v is deleted, but does not exist", ErrNotDatabase, rowuuid.UUID(changes[i].id))
			}
			if changes[i].kind == changeGone {
				from = i + 1
			}
		}
		kept = append(kept, changes[from:end]...)
		start = end
	}
	return slices.Clip(kept), nil
}

// endOfRow returns the end of the changes of the row whose first one is at start.
func endOfRow(changes []indexedChange, start int) int {
	end := start + 1
	for end < len(changes) && changes[end].id == changes[start].id {
		end++
	}
	return end
}

// IDs returns the UUIDs of the rows of a table, sorted.
func (x *RowIndex) IDs(table string) []rowuuid.UUID {
	changes := x.changes[table]
	ids := make([]rowuuid.UUID, 0, len(changes))
	for start := 0; start < len(changes); start = endOfRow(changes, start) {
		ids = append(ids, changes[start].id)
	}
	return ids
}

// Values returns a row as it was inserted and the changes since, in their order; none if there is no
// such row. The error is that of the file.
func (x *RowIndex) Values(table string, id rowuuid.UUID) ([]RowValue, error) {
	changes := x.changes[table]
	start, found := slices.BinarySearchFunc(changes, id, func(c indexedChange, id rowuuid.UUID) int {
		return bytes.Compare(c.id[:], id[:])
	})
	if !found {
		return nil, nil
	}
	var values []RowValue
	for _, change := range changes[start:endOfRow(changes, start)] {
		text, err := x.read(change.offset())
		if err != nil {
			return nil, fmt.Errorf("cannot read row %v of table %s: %w", id, table, err)
		}
		values = append(values, RowValue{JSON: text, Diff: change.kind == changeDiff && len(values) > 0})
	}
	return values, nil
}

// maxSchema bounds the first record of a file, the schema, in bytes. Those of OVN have some 30 000.
const maxSchema = 16 << 20

// rowPiece is the number of bytes that are read at a time of a row, most of which are shorter.
const rowPiece = 1 << 10

// read returns the object that begins at an offset.
func (x *RowIndex) read(at int64) ([]byte, error) {
	var text []byte
	var s scanner
	s.more = func() ([]byte, error) {
		length := len(text)
		left := x.size - at - int64(length)
		if left <= 0 {
			return nil, io.EOF
		}
		text = slices.Grow(text, max(rowPiece, length))
		n, err := x.file.ReadAt(text[length:length+int(min(left, int64(max(rowPiece, length))))], at+int64(length))
		if n > 0 {
			err = nil
		}
		text = text[:length+n]
		return text[length:], err
	}
	if err := s.skipObject(); err != nil {
		return nil, err
	}
	return text[:len(text)-(len(s.piece)-s.pos)], nil
}

// setOffset keeps the low 56 bits of an offset: no file is larger.
func (c *indexedChange) setOffset(offset int64) {
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], uint64(offset)) //nolint:gosec // never negative
	copy(c.at[:], wide[1:])
}

func (c *indexedChange) offset() int64 {
	var wide [8]byte
	copy(wide[1:], c.at[:])
	return int64(binary.BigEndian.Uint64(wide[:])) //nolint:gosec // 56 bits
}
