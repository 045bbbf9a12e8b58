package ovsdbfile

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the format's checksum, not a protection
	"errors"
	"hash"
	"io"
)

// maxChunk is the number of bytes that are read at a time, and the most that are held of a
// record.
const maxChunk = 256 << 10

// minChunk is the size of a buffer that is kept while nothing is read.
const minChunk = 4 << 10

// stream reads a log in chunks. Between records it returns header lines; inside one it
// returns the pieces of the body that are in its buffer, and computes their checksum.
type stream struct {
	source io.Reader
	before func() error // called before each chunk; may be nil

	buffer   []byte
	pos, end int   // of the unread part of buffer
	offset   int64 // of buffer[pos] in the file
	err      error // of source, once it has failed; io.EOF at its end

	left int64 // bytes of the current body that have not been returned
	sum  hash.Hash
}

func newStream(source io.Reader) *stream {
	//nolint:gosec // the format's checksum, not a protection
	return &stream{source: source, sum: sha1.New()}
}

// resume drops the bytes that have not been returned, and goes on with a source of length
// bytes that begins at offset.
func (s *stream) resume(source io.Reader, offset, length int64) {
	s.source, s.offset, s.err = source, offset, nil
	s.pos, s.end, s.left = 0, 0, 0
	if size := int(min(max(length, minChunk), maxChunk)); len(s.buffer) < size {
		s.buffer = make([]byte, size)
	}
}

// release frees the memory that is not needed between two calls of resume.
func (s *stream) release() {
	s.source, s.before = nil, nil
	if len(s.buffer) > minChunk {
		s.buffer = nil
	}
}

// fill adds at least one byte to the unread ones, or returns an error.
func (s *stream) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.before != nil {
		if s.err = s.before(); s.err != nil {
			return s.err
		}
	}
	if s.pos > 0 {
		s.end = copy(s.buffer, s.buffer[s.pos:s.end])
		s.pos = 0
	}
	if s.buffer == nil {
		s.buffer = make([]byte, maxChunk)
	}
	for range maxEmptyReads {
		n, err := s.source.Read(s.buffer[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	s.err = io.ErrNoProgress
	return s.err
}

// maxEmptyReads bounds consecutive reads that return neither bytes nor an error.
const maxEmptyReads = 100

func (s *stream) take(n int) []byte {
	taken := s.buffer[s.pos : s.pos+n]
	s.pos += n
	s.offset += int64(n)
	return taken
}

// line returns a header line without its newline, valid until the next call of any
// method. complete is false if there is no newline within maxHeader bytes; the bytes up to
// there are returned then, none at the end of the file.
func (s *stream) line() (line []byte, complete bool, err error) {
	for {
		unread := s.buffer[s.pos:min(s.end, s.pos+maxHeader)]
		if i := bytes.IndexByte(unread, '\n'); i >= 0 {
			return s.take(i + 1)[:i], true, nil
		}
		if len(unread) == maxHeader {
			return unread, false, nil
		}
		if err := s.fill(); errors.Is(err, io.EOF) {
			return s.buffer[s.pos:s.end], false, nil
		} else if err != nil {
			return nil, false, err
		}
	}
}

// begin starts a body of length bytes.
func (s *stream) begin(length int64) {
	s.left = length
	s.sum.Reset()
}

// next returns the next piece of the body, never empty and valid until the next call, or
// io.EOF after the last.
func (s *stream) next() ([]byte, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	if s.pos == s.end {
		if err := s.fill(); errors.Is(err, io.EOF) {
			return nil, &recordError{reason: "short body", incomplete: true}
		} else if err != nil {
			return nil, err
		}
	}
	piece := s.take(int(min(s.left, int64(s.end-s.pos))))
	s.left -= int64(len(piece))
	s.sum.Write(piece)
	return piece, nil
}

// verify reads the rest of the body and compares its checksum.
func (s *stream) verify(want [sha1.Size]byte) error {
	for {
		if _, err := s.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	var got [sha1.Size]byte
	if s.sum.Sum(got[:0]); got != want {
		return badRecord("SHA-1 mismatch: %x, the header says %x", got, want)
	}
	return nil
}
