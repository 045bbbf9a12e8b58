package ovsdbfile

import (
	"encoding/json"
	"errors"
	"io"
)

const (
	// maxDepth bounds the nesting of JSON, as JSON_MAX_HEIGHT in Open vSwitch does.
	maxDepth = 1000

	// maxText bounds a string that is kept in memory, 64 KiB. It is far above any name, UUID or value
	// that matters; clients may write longer ones.
	maxText = 64 << 10

	// longText takes the place of a longer string.
	longText = "(more than 64 KiB)"
)

// scanner reads the JSON of one record without building its values: callers read the
// strings that matter; the rest is checked for syntax and skipped.
//
// Unlike the server it does not check that strings are UTF-8.
type scanner struct {
	more func() ([]byte, error) // the next piece, or io.EOF

	piece []byte
	pos   int
	depth int
	text  []byte // the string being read
}

// reset starts with a new record.
func (s *scanner) reset() { s.piece, s.pos, s.depth = nil, 0, 0 }

// advance makes s.pos valid. It returns io.EOF at the end of the record.
func (s *scanner) advance() error {
	if s.pos < len(s.piece) {
		return nil
	}
	return s.nextPiece()
}

func (s *scanner) nextPiece() error {
	piece, err := s.more()
	s.piece, s.pos = piece, 0
	return err
}

// get consumes the next byte, whatever it is.
func (s *scanner) get() (byte, error) {
	if err := s.advance(); err != nil {
		return 0, unexpectedEnd(err)
	}
	c := s.piece[s.pos]
	s.pos++
	return c, nil
}

// peek returns the next byte that is not white space without consuming it. Servers write
// no white space, so it is usually the next one.
func (s *scanner) peek() (byte, error) {
	if s.pos < len(s.piece) && s.piece[s.pos] > ' ' {
		return s.piece[s.pos], nil
	}
	return s.skipSpace()
}

func (s *scanner) skipSpace() (byte, error) {
	for {
		if err := s.advance(); err != nil {
			return 0, unexpectedEnd(err)
		}
		switch c := s.piece[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c, nil
		}
	}
}

// expect consumes white space and then want.
func (s *scanner) expect(want byte) error {
	switch c, err := s.peek(); {
	case err != nil:
		return err
	case c != want:
		return badJSON("%q instead of %q", c, want)
	default:
		s.pos++
		return nil
	}
}

// finish checks that only white space follows.
func (s *scanner) finish() error {
	for {
		switch err := s.advance(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch c := s.piece[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return badJSON("%q after the end", c)
		}
	}
}

// members calls member for each member of an object, after its name and colon have
// been read. name is valid until member consumes the value, which it must do.
func (s *scanner) members(member func(name []byte) error) error {
	return s.list('{', '}', func() error {
		name, err := s.string()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return member(name)
	})
}

// elements calls element for each element of an array. element must consume it.
func (s *scanner) elements(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(open, end byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return badJSON("nested more than %d deep", maxDepth)
	}
	switch c, err := s.peek(); {
	case err != nil:
		return err
	case c == end:
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch c, err := s.peek(); {
		case err != nil:
			return err
		case c == end:
			s.pos++
			s.depth--
			return nil
		case c != ',':
			return badJSON("%q instead of ',' or %q", c, end)
		}
		s.pos++
	}
}

// skip consumes a value of any kind.
func (s *scanner) skip() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '"':
		s.pos++
		return s.stringTail(nil)
	case c == '{':
		return s.skipObject()
	case c == '[':
		return s.elements(s.skip)
	case c == '-' || c >= '0' && c <= '9':
		_, err := s.number()
		return err
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	default:
		return badJSON("%q instead of a value", c)
	}
}

func (s *scanner) skipObject() error {
	return s.list('{', '}', func() error {
		if err := s.expect('"'); err != nil {
			return err
		}
		if err := s.stringTail(nil); err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return s.skip()
	})
}

// word consumes exactly text.
func (s *scanner) word(text string) error {
	for i := range len(text) {
		c, err := s.get()
		if err != nil {
			return err
		}
		if c != text[i] {
			return badJSON("%q in %s", c, text)
		}
	}
	return nil
}

// null consumes null and reports true, or leaves another value alone.
func (s *scanner) null() (bool, error) {
	c, err := s.peek()
	if err != nil || c != 'n' {
		return false, err
	}
	return true, s.word("null")
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return badJSON("unexpected end")
	}
	return err
}

func badJSON(format string, args ...any) error {
	return badRecord("bad JSON: "+format, args...)
}

// unquote decodes a string that contains escapes.
func unquote(quoted []byte) ([]byte, error) {
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, badJSON("string %.40q", quoted)
	}
	return []byte(text), nil
}
