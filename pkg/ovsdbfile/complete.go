package ovsdbfile

import (
	"context"
	"fmt"
	"io"
)

// CompleteSize returns the size that a database file of size bytes has without an unfinished
// record at its end, in bytes: one that its server is still writing, or was when it ended. It is
// size itself if there is no such record, and also where damage keeps the records from being told
// apart, or no record before the unfinished one is left.
//
// Only headers are read, and their lengths believed: a record of any size costs no memory and no
// time, and its checksum is not compared. The error is that of the file or of ctx.
func CompleteSize(ctx context.Context, file io.ReaderAt, size int64) (int64, error) {
	s := newStream(nil)
	s.before = ctx.Err
	s.resume(io.NewSectionReader(file, 0, size), 0, size)
	for {
		start := s.offset
		line, ended, err := s.line()
		if err != nil {
			return 0, fmt.Errorf("cannot read database file: %w", err)
		}
		if !ended && len(line) < maxHeader {
			return withoutUnfinished(start, size), nil
		}
		header, err := parseHeader(line)
		if err != nil || !ended {
			return size, nil //nolint:nilerr // damage stays in the file
		}
		if header.length > size-s.offset {
			return withoutUnfinished(start, size), nil
		}
		s.pass(header.length, file, size)
	}
}

func withoutUnfinished(start, size int64) int64 {
	if start == 0 {
		return size
	}
	return start
}

// pass drops n bytes, which are not read if they are beyond the buffer. file, of size bytes, is
// the stream's source.
func (s *stream) pass(n int64, file io.ReaderAt, size int64) {
	if n <= int64(s.end-s.pos) {
		s.take(int(n))
		return
	}
	next := s.offset + n
	s.resume(io.NewSectionReader(file, next, size-next), next, size-next)
}
