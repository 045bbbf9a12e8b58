package ovsdbfile

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// A Follower summarizes a database file over and over, and reads only what is new. It is
// not safe for concurrent use.
//
// It holds no file open. Its memory grows with the number of rows, by some 40 bytes each,
// and does not shrink before it starts over; one that goes on from a [Checkpoint] does not
// know the rows, and stays small.
type Follower struct {
	path             string
	globalTable, key string
	ignore           []string

	file  identity // that log has read
	log   *log     // nil before the first
	tally *tally
}

// NewFollower returns a Follower of the database file at path. The other arguments are
// those of [Summarize]. Nothing is read yet.
func NewFollower(path, globalTable, key string, ignore ...string) *Follower {
	return &Follower{path: path, globalTable: globalTable, key: key, ignore: ignore}
}

// Advance returns what [Summarize] would, and its errors. It reads the records that were
// added since the last call. It starts over if the file has been replaced, as by a
// compaction, has become shorter, or no longer has the last record where it was.
//
// A record that was torn is read anew. Damage done to records that have been read is
// not noticed. After an error of ctx or of the file system the next call goes on
// where this one had to stop.
//
// After [Resume], as long as the Follower has not started over, Rows is unknown, and a
// record that deletes a row that was never there, which no server writes, is not torn.
func (f *Follower) Advance(ctx context.Context) (Summary, error) {
	file, err := open(f.path)
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
	}
	f.file = found
	f.log.resume(file, size)
	f.log.stream.before = ctx.Err
	summary, err := f.tally.advance(f.log)
	f.log.rest()
	f.tally.transaction.rest()
	return summary, err
}

// continues reports whether file begins with what has been read: it is the same file, as
// long at least, and the last record read is still there. A file that is written over in
// place keeps its identity, and a new one can be given that of one that is gone.
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
