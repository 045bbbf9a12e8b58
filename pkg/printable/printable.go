// Package printable keeps what comes from databases, other nodes and file names from acting on a
// terminal or forging lines of a log.
package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns text with all that could act on a terminal, or forge a line, written as an
// escape sequence of Go: control and formatting characters, line breaks, and bytes that are not
// UTF-8.
func Text(text string) string {
	if !strings.ContainsFunc(text, Unprintable) {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.String()
}

// Unprintable reports whether a character could act on a terminal, or stands for bytes that are not
// UTF-8.
func Unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

// Writer returns a writer that passes lines on to out with all that could act on a terminal written
// as an escape sequence, which JSON has as well. Each call must hold whole characters.
func Writer(out io.Writer) io.Writer { return writer{out} }

type writer struct{ out io.Writer }

// Write implements [io.Writer].
func (w writer) Write(p []byte) (int, error) {
	var b strings.Builder
	for _, r := range string(p) {
		switch {
		case r == '\n', unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if _, err := io.WriteString(w.out, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
