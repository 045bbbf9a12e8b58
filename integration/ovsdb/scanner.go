package ovsdb

const (
	// maxWord is how much of a string a scanner keeps, maxText how much of a JSON text.
	maxWord = 64
	maxText = 4096
)

// scanner reads JSON objects that follow each other, and keeps only their beginning: hundreds of
// clients that decode a whole database each would need more processor time than the servers that
// are measured with them.
type scanner struct {
	// word is called with the beginning of each string, text at the end of each object: with all of
	// it, or nothing if it is long. Both may keep nothing of it.
	word, text func([]byte)

	depth, length     int
	inString, escaped bool
	lastWord, head    []byte
}

// feed reads on.
func (s *scanner) feed(data []byte) {
	for _, c := range data {
		if s.length++; s.length <= maxText {
			s.head = append(s.head, c)
		}
		switch {
		case s.escaped:
			s.escaped = false
		case s.inString && c == '\\':
			s.escaped = true
		case c == '"':
			if s.inString {
				s.word(s.lastWord)
			}
			s.inString, s.lastWord = !s.inString, s.lastWord[:0]
		case s.inString:
			if len(s.lastWord) < maxWord {
				s.lastWord = append(s.lastWord, c)
			}
		case c == '{':
			s.depth++
		case c == '}':
			s.end()
		}
	}
}

// end ends an object, which may be the outermost one.
func (s *scanner) end() {
	if s.depth--; s.depth > 0 {
		return
	}
	if s.length > maxText {
		s.head = s.head[:0]
	}
	s.text(s.head)
	s.depth, s.length, s.head = 0, 0, s.head[:0]
}
