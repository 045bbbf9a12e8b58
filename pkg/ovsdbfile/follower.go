package ovsdbfile

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// A Follower summarizes a database file repeatedly, and reads only the records that are new.
// It is not safe for concurrent use.
//
// It keeps no file open, and reads in pieces: its memory does not depend on the size of
// records. It grows with the number of rows, by some 40 bytes each, and does not shrink
// before the Follower starts over. One that goes on from a [Checkpoint], or is to do without
// rows, does not know them, and stays small.
type Follower struct {
	path             string
	globalTable, key string
	ignore           []string
	rowless          bool

	file  identity // of the file that log has read
	log   *log     // nil before the first Advance
	tally *tally
}

// NewFollower returns a Follower of the database file at path. globalTable is the table
// whose external_ids it reports, key the one of them that divides the file (see [Summary]),
// and ignore the tables whose rows do not count: those in which even a database without
// content has rows. Tables that the schema does not have do no harm. It does not read yet.
func NewFollower(path, globalTable, key string, ignore ...string) *Follower {
	return &Follower{path: path, globalTable: globalTable, key: key, ignore: ignore}
}

// WithoutRows keeps f from tracking rows outside of the global table, whatever part of the file it reads:
// its memory does not depend on their number, and Rows is unknown.
func (f *Follower) WithoutRows() { f.rowless = true }

// Advance reads the records that were added since the last call, and returns the summary of
// the file. It reads the whole file if that has been replaced, as by a compaction, has
// become shorter, or no longer has the last record at its place.
//
// A torn record is read again by the next call. Damage done to records that have been read
// is not noticed. After an error of ctx or of the file system the next call goes on where
// this one stopped.
//
// A file that is torn after its first record is no error: see [Summary.Torn]. If even the
// schema cannot be read, the error is the *[TornError] (ErrTorn). It is [ErrNotDatabase] or
// [ErrClustered] if path is something else, [ErrRefused] as for [Open], and that of the file system (as fs.ErrNotExist)
// or of ctx if reading fails.
//
// After [Resume], as long as the Follower has not read the whole file, and after WithoutRows, Rows is
// unknown, and a record that deletes a row that never existed, which no server writes, is not torn.
func (f *Follower) Advance(ctx context.Context) (Summary, error) {
	file, err := Open(f.path)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = file.Close() }()
	found, size, err := examine(file)
	if err != nil {
		return Summary{}, err
	}
	if !f.continues(file, found, size) {
		f.log = newLog(file, f.path)
		f.tally = newTally(f.globalTable, f.key, f.ignore)
		f.tally.rowless = f.rowless
	}
	f.file = found
	f.log.resume(file, size)
	f.log.stream.before = ctx.Err
	summary, err := f.tally.advance(f.log)
	f.log.release()
	f.tally.transaction.release()
	return summary, err
}

// continues reports whether file begins with the records that have been read: it is the same
// file, at least as long, and the last record read is still at its place. The identity is
// not enough: a file that is overwritten in place keeps it, and a new file can get that of
// a deleted one.
func (f *Follower) continues(file io.ReaderAt, found identity, size int64) bool {
	if f.log == nil || f.log.size == 0 || !f.file.becomes(found) || size < f.log.size {
		return false
	}
	last := f.log.last
	start := make([]byte, maxHeader+1)
	n, err := file.ReadAt(start, last.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	line, _, ended := bytes.Cut(start[:n], []byte{'\n'})
	header, err := parseHeader(line)
	return err == nil && ended && header == last.header && last.offset+int64(len(line))+1+header.length == f.log.size
}
