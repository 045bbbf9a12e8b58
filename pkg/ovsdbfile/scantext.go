package ovsdbfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
)

// string consumes a string and returns it decoded, valid until the next string or number. One that is
// too long to be kept is no damage: it is longText.
func (s *scanner) string() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	s.text = append(s.text[:0], '"')
	if err := s.stringTail(&s.text); err != nil {
		return nil, err
	}
	if len(s.text) > maxText {
		return []byte(longText), nil
	}
	if bytes.IndexByte(s.text, '\\') >= 0 {
		return unquote(s.text)
	}
	return s.text[1 : len(s.text)-1], nil
}

// stringTail consumes a string after its opening quote. It appends the consumed bytes to
// keep, unless that is nil, or has more than maxText already.
func (s *scanner) stringTail(keep *[]byte) error {
	for {
		if err := s.advance(); err != nil {
			return unexpectedEnd(err)
		}
		start := s.pos
		c := s.plain()
		if keep != nil {
			*keep = append(*keep, s.piece[start:s.pos]...)
			if len(*keep) > maxText {
				keep = nil
			}
		}
		switch {
		case c == '"':
			return nil
		case c == '\\':
			if err := s.escape(keep); err != nil {
				return err
			}
		case c != 0:
			return badJSON("control character %q in a string", c)
		}
	}
}

// plain consumes up to and including the first character that is special in a string,
// and returns it: a quote, a backslash or a control character. At the end of the piece
// it returns 0; a NUL is returned as '\n', another control character.
func (s *scanner) plain() byte {
	rest := s.piece[s.pos:]
	i := 0
	for len(rest)-i >= 8 && !special(binary.LittleEndian.Uint64(rest[i:])) {
		i += 8
	}
	for ; i < len(rest); i++ {
		if c := rest[i]; c == '"' || c == '\\' || c < ' ' {
			s.pos += i + 1
			if c == 0 {
				return '\n'
			}
			return c
		}
	}
	s.pos = len(s.piece)
	return 0
}

// special reports whether one of eight characters may be special in a string. If it returns
// false, none is.
func special(word uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^(ones*'"'), word^(ones*'\\')
	// x-n sets the highest bit of a byte that is less than n, unless it was set.
	return ((word-ones*' ')&^word|(quote-ones)&^quote|(backslash-ones)&^backslash)&high != 0
}

// escape consumes an escape sequence after its backslash.
func (s *scanner) escape(keep *[]byte) error {
	c, err := s.get()
	if err != nil {
		return err
	}
	escaped := append(make([]byte, 0, 5), c)
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		for range 4 {
			digit, err := s.get()
			if err != nil {
				return err
			}
			if !isHex(digit) {
				return badJSON("%q in an escaped character", digit)
			}
			escaped = append(escaped, digit)
		}
	default:
		return badJSON("escaped %q", c)
	}
	if keep != nil {
		*keep = append(*keep, escaped...)
	}
	return nil
}

// integer consumes a number, which must be a signed 64-bit integer.
func (s *scanner) integer() (int64, error) {
	if c, err := s.peek(); err != nil {
		return 0, err
	} else if c != '-' && !isDigit(c) {
		return 0, badJSON("%q instead of an integer", c)
	}
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, badJSON("%.40q instead of an integer", text)
	}
	return value, nil
}

// number consumes a number and returns its text, valid until the next string or number.
func (s *scanner) number() ([]byte, error) {
	s.text = s.text[:0]
	if _, err := s.accept('-', '-'); err != nil {
		return nil, err
	}
	zero, err := s.accept('0', '0')
	if err != nil {
		return nil, err
	}
	if !zero {
		if err := s.digits(); err != nil {
			return nil, err
		}
	}
	if dot, err := s.accept('.', '.'); err != nil {
		return nil, err
	} else if dot {
		if err := s.digits(); err != nil {
			return nil, err
		}
	}
	if exponent, err := s.accept('e', 'E'); err != nil || !exponent {
		return s.text, err
	}
	if _, err := s.accept('+', '-'); err != nil {
		return nil, err
	}
	err = s.digits()
	return s.text, err
}

// digits consumes one or more digits.
func (s *scanner) digits() error {
	for n := 0; ; n++ {
		if err := s.advance(); err != nil && !errors.Is(err, io.EOF) {
			return err
		} else if err != nil || !isDigit(s.piece[s.pos]) {
			if n == 0 {
				return badJSON("a number without a digit")
			}
			return nil
		}
		s.keepDigit()
	}
}

// accept consumes the next byte if it is a or b. At the end of the record it is not.
func (s *scanner) accept(a, b byte) (bool, error) {
	if err := s.advance(); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	if c := s.piece[s.pos]; c != a && c != b {
		return false, nil
	}
	s.keepDigit()
	return true, nil
}

// keepDigit consumes a character of a number and keeps it, up to maxText of them.
func (s *scanner) keepDigit() {
	if len(s.text) < maxText {
		s.text = append(s.text, s.piece[s.pos])
	}
	s.pos++
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
