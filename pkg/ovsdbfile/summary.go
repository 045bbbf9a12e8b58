package ovsdbfile

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Summary is what a database file says as a whole, up to its end or to the first record
// that cannot be read.
type Summary struct {
	Schema        string // name of the database: "OVN_Northbound"
	SchemaVersion string // "7.0.0"; empty if the schema has none

	// Global is the external_ids of the single row of the global table. It is nil if
	// there is no such row, or if there are several.
	Global map[string]string

	Records int // transaction records; the schema is not one

	// AfterKey is how many records follow the last one that set, changed or removed the
	// key: 0 if that is the last record, -1 if there is none. A row that is inserted
	// sets the keys it has, whatever the row before it had.
	//
	// It does not measure how far a backup has got: an active sends what several of its
	// sessions did at once, or what a slow backup has missed, as one update, which
	// becomes one record.
	AfterKey int

	// ChangesAfterKey is how many rows these records insert, modify or delete, each row
	// counted once per record. It survives the merging of transactions, but for
	// repeated changes of one row.
	ChangesAfterKey int

	// ChangesWithKey is how many other rows are changed by the record itself that
	// changed the key. On an active that is what the transaction did beside. On a
	// backup transactions from before and after may be merged with it: of the
	// content that it has, between ChangesAfterKey and the sum of both came after
	// the key. In a record that a resync or a compaction wrote it is the whole
	// database, which says what it should: nothing is known.
	ChangesWithKey int

	LastDate time.Time  // of the last record that has one, by its writer's clock; may be zero
	Size     int64      // of what could be read, in bytes
	Torn     *TornError // why there is no more; nil if the file ends there
	Rows     int        // that are there at the end, outside the ignored tables, or RowsUnknown
}

// RowsUnknown is in place of a number of rows where only a part of the file was read, see
// [Resume].
const RowsUnknown = -1

// RowsKnown reports whether Rows is a number of rows. [Summarize] always knows.
func (s Summary) RowsKnown() bool { return s.Rows != RowsUnknown }

// Summarize reads the database file at path. globalTable names the table whose
// external_ids are of interest, key the one among them that AfterKey is about, and
// ignore the tables whose rows do not count: those that a database without content has
// rows in too. Tables that the schema does not have do no harm.
//
// A file that is torn after its first record is no error: see [Summary.Torn]. If even
// the schema cannot be read the error is the *[TornError] (ErrTorn). It is [ErrNotDatabase]
// or [ErrClustered] if path is something else, and that of the file system (as
// fs.ErrNotExist) or of ctx if reading fails.
//
// The file is read once and in pieces. Memory grows with the number of rows, by some 40
// bytes each, not with the size of records.
func Summarize(ctx context.Context, path, globalTable, key string, ignore ...string) (Summary, error) {
	file, err := open(path)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = file.Close() }()
	l := newLog(file, path)
	l.stream.before = ctx.Err
	return newTally(globalTable, key, ignore).advance(l)
}

// open opens a regular file. Anything else, a FIFO in particular, might block.
func open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read database file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read database file %s: %w", path, ErrNotDatabase)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read database file: %w", err)
	}
	return file, nil
}
