package ovsdbfile

import (
	"errors"
	"fmt"
	"io"
)

// log reads the records of a file.
type log struct {
	path   string // for errors; may be empty
	stream *stream
	scan   scanner
	size   int64 // of the good records so far
	last   place // of the last of them
	err    error // why there are no more
}

// place is the offset of a record and its header. The checksum in it makes it unlikely to
// occur in another file.
type place struct {
	offset int64
	header header
}

func newLog(source io.Reader, path string) *log {
	l := &log{path: path, stream: newStream(source)}
	l.scan.more = l.stream.next
	return l
}

// resume goes on after the last record that has been read, in a file that is length bytes
// long.
func (l *log) resume(file io.ReaderAt, length int64) {
	left := length - l.size
	l.stream.resume(io.NewSectionReader(file, l.size, left), l.size, left)
	l.err = nil
}

// release frees the memory that is not needed between two calls of resume.
func (l *log) release() {
	l.stream.release()
	l.scan.reset()
	if cap(l.scan.text) > minChunk {
		l.scan.text = nil
	}
}

// read parses the next record by parse, and calls apply once its checksum is known to be
// right: parse must not change state that outlives a damaged record. apply may be nil.
//
// The error is io.EOF at the end of the last record, a *TornError if the record cannot be
// read, or that of the source. It is final: every later call returns it as well.
func (l *log) read(parse func(*scanner) error, apply func() error) error {
	if l.err != nil {
		return l.err
	}
	header, err := l.record(parse, apply)
	if err != nil {
		l.err = l.located(err)
		return l.err
	}
	l.last = place{offset: l.size, header: header}
	l.size = l.stream.offset
	return nil
}

func (l *log) record(parse func(*scanner) error, apply func() error) (header, error) {
	header, err := l.header()
	if err != nil {
		return header, err
	}
	l.stream.begin(header.length)
	l.scan.reset()
	parsed := parse(&l.scan)
	if parsed == nil {
		parsed = l.scan.finish()
	}
	// A checksum that does not match is the reason to report: it explains bad JSON.
	if err := l.stream.verify(header.sum); err != nil {
		return header, err
	}
	if parsed != nil || apply == nil {
		return header, parsed
	}
	return header, apply()
}

func (l *log) header() (header, error) {
	line, complete, err := l.stream.line()
	if err != nil {
		return header{}, err
	}
	if l.size == 0 {
		if err := identify(line); err != nil {
			return header{}, err
		}
	}
	switch {
	case complete:
		return parseHeader(line)
	case len(line) == maxHeader:
		return header{}, badRecord("bad header: longer than %d bytes", maxHeader)
	case len(line) == 0:
		return header{}, io.EOF
	default:
		return header{}, &recordError{reason: "short header", incomplete: true}
	}
}

// located adds the file to an error, and to one about a record its place.
func (l *log) located(err error) error {
	var bad *recordError
	switch {
	case errors.Is(err, io.EOF):
		return err
	case errors.As(err, &bad):
		return &TornError{Path: l.path, Offset: l.size, Reason: bad.reason, Incomplete: bad.incomplete}
	case l.path == "":
		return fmt.Errorf("cannot read database file: %w", err)
	default:
		return fmt.Errorf("cannot read database file %s: %w", l.path, err)
	}
}
