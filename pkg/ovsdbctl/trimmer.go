package ovsdbctl

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const (
	// maxUntrimmed is up to which part of a message, in bytes, all pairs of maps are passed on.
	maxUntrimmed = 16 << 10
	// maxPair bounds one pair of a map, in bytes, whoever wrote it.
	maxPair = 4 << 10
	// maxRaw bounds a message before pairs are left out, 256 MiB. One of a whole table is bounded by its
	// limit alone.
	maxRaw = 256 << 20
)

// trimmer leaves pairs of maps (["map",[["key","value"],...]], RFC 7047, section 5.1) out of long JSON
// messages: whoever may write external_ids may write any number of pairs of any length there, and OVSDB
// cannot be asked for some keys of a column. Beyond maxUntrimmed it passes on the keys of this program
// alone, and pairs beyond maxPair never, so that memory is bounded whatever clients have written.
type trimmer struct {
	source io.Reader
	// whole reports whether the message that begins now is to be passed on as it is.
	whole func() bool

	raw, passed int64 // of this message, in bytes
	untouched   bool  // this message is passed on as it is
	depth       int   // of arrays and objects
	text        textState
	word        []byte  // the string that is read or was read last, up to maxWord bytes
	prelude     prelude // how much of the beginning of a map was read
	list        int     // depth of the list of pairs, 0 outside of one
	pair        []byte  // the pair that is read, up to maxPair bytes
	overlong    bool    // the pair has more
	key         string  // of the pair, empty until it was read
	first       bool    // no pair of this list was passed on
	out         bytes.Buffer
	chunk       [4 << 10]byte
	err         error // of source, once out is empty
}

// textState says where in a string the trimmer is.
type textState int

const (
	outside textState = iota
	inside
	escaped
)

// prelude is how much of `["map",[` was read.
type prelude int

const (
	preludeNone  prelude = iota
	preludeOpen          // [
	preludeWord          // ["map"
	preludeComma         // ["map",
)

// maxWord is more than the longest key of this program has.
const maxWord = 64

// ownKey reports whether a key of external_ids is one that this program reads: those of a term marker
// (pkg/replication) and that of a Connection row.
func ownKey(key string) bool {
	if key == purposeKey {
		return true
	}
	switch name, _ := strings.CutPrefix(key, purposeKey+":"); name {
	case "lineage", "term", "term-id", "prev-term-id", "active", "base", "beat":
		return true
	default:
		return false
	}
}

// Read implements io.Reader.
func (t *trimmer) Read(p []byte) (int, error) {
	for t.out.Len() == 0 {
		if t.err != nil {
			return 0, t.err
		}
		n, err := t.source.Read(t.chunk[:])
		t.err = err
		for _, c := range t.chunk[:n] {
			t.take(c)
		}
		if t.raw > maxRaw && !t.untouched {
			t.err = fmt.Errorf("%w: more than %d bytes", errTooLarge, int64(maxRaw))
		}
	}
	return t.out.Read(p)
}

// take takes one byte of the source.
func (t *trimmer) take(c byte) {
	if t.depth == 0 && t.text == outside {
		t.raw, t.passed, t.untouched = 0, 0, t.whole()
	}
	t.raw++
	switch {
	case t.text != outside:
		t.takeText(c)
	case c == '"':
		t.text, t.word = inside, t.word[:0]
	default:
		t.takeStructure(c)
		return
	}
	t.pass(c)
}

// takeText follows a string to its end.
func (t *trimmer) takeText(c byte) {
	switch {
	case t.text == escaped:
		t.text = inside
	case c == '\\':
		t.text = escaped
	case c == '"':
		t.text = outside
		t.endText()
		return
	}
	if len(t.word) <= maxWord {
		t.word = append(t.word, c)
	}
}

func (t *trimmer) endText() {
	if t.prelude == preludeOpen && string(t.word) == "map" {
		t.prelude = preludeWord
	} else {
		t.prelude = preludeNone
	}
	if t.inPair() && t.depth == t.list+1 && t.key == "" {
		t.key = string(t.word)
	}
}

func (t *trimmer) inPair() bool { return t.list > 0 && t.depth > t.list }

// takeStructure takes a byte outside of strings.
func (t *trimmer) takeStructure(c byte) {
	before := t.prelude
	if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
		t.prelude = preludeNone
	}
	switch c {
	case '[', '{':
		t.open(c, before)
		return
	case ']', '}':
		t.shut(c)
		return
	case ',':
		if before == preludeWord {
			t.prelude = preludeComma
		}
		if t.list > 0 && t.depth == t.list {
			return // between two pairs; it is written with the next one that is passed on
		}
	}
	t.pass(c)
}

func (t *trimmer) open(c byte, before prelude) {
	if t.list > 0 && t.depth == t.list {
		t.pair, t.overlong, t.key = t.pair[:0], false, ""
	}
	t.depth++
	t.pass(c)
	switch {
	case c != '[' || t.list > 0 || t.untouched:
	case before == preludeComma:
		t.list, t.first = t.depth, true
	default:
		t.prelude = preludeOpen
	}
}

func (t *trimmer) shut(c byte) {
	wasPair := t.inPair()
	t.depth = max(t.depth-1, 0)
	if t.depth < t.list {
		t.list = 0
	}
	if !wasPair || t.depth > t.list {
		t.pass(c)
		return
	}
	t.hold(c)
	if t.overlong || t.passed+int64(len(t.pair)) > maxUntrimmed && !ownKey(t.key) {
		return
	}
	if !t.first {
		t.write(',')
	}
	t.first = false
	t.write(t.pair...)
}

// pass passes a byte on, or adds it to the pair.
func (t *trimmer) pass(c byte) {
	if t.inPair() {
		t.hold(c)
	} else {
		t.write(c)
	}
}

func (t *trimmer) hold(c byte) {
	if len(t.pair) == maxPair {
		t.overlong = true
		return
	}
	t.pair = append(t.pair, c)
}

func (t *trimmer) write(text ...byte) {
	t.passed += int64(len(text))
	t.out.Write(text)
}
