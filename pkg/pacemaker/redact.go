package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ovndb-servers/pkg/process"
)

// removed takes the place of a value that looks like a password or key.
const removed = "(removed)"

// RedactedCIB returns the CIB without values that look like a password or key.
func RedactedCIB(ctx context.Context) (string, error) {
	out, err := runCIBAdmin(ctx, "--query")
	if err != nil {
		return "", fmt.Errorf("cannot read the CIB: %w", err)
	}
	return redactXML(out)
}

// Overview returns the cluster's state as crm_mon prints it for a person, without values that look
// like a password.
func Overview(ctx context.Context) (string, error) {
	text, err := clusterState(ctx, "-1rfA")
	return RedactLines(string(text), "pass", "secret"), err
}

// Version returns the version of Pacemaker's tools.
func Version(ctx context.Context) (string, error) { return process.Run(ctx, crmMon, "--version") }

// RedactLines removes all but the first word of lines that have one of some words in them, whatever
// their case.
func RedactLines(text string, words ...string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if HasWord(line, words...) {
			line = firstWord(line) + ": " + removed + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// HasWord reports whether a line has one of some words in it, whatever its case. The words are in lower case.
func HasWord(line string, words ...string) bool {
	lower := strings.ToLower(line)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) })
}

// firstWord returns the word that names the rest of a line; of a line of one word, which may be the
// secret, nothing.
func firstWord(line string) string {
	line = strings.TrimSpace(line)
	if end := strings.IndexAny(line, " \t:="); end >= 0 {
		return line[:end]
	}
	return ""
}

// redactXML replaces the values of attributes and name-value pairs whose name is that of a secret, or
// that hold one, and the recipients of alerts: the address of a web hook is its password.
func redactXML(text string) (string, error) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	var b strings.Builder
	for {
		token, err := decoder.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return b.String(), nil
		case err != nil:
			return "", fmt.Errorf("cannot read the CIB: %w: %s: %w", ErrUnreadable, cibadmin, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			writeElement(&b, t)
		case xml.EndElement:
			b.WriteString("</" + spelled(t.Name) + ">")
		case xml.CharData:
			_ = xml.EscapeText(&b, t) // a strings.Builder takes all
		}
	}
}

func writeElement(b *strings.Builder, element xml.StartElement) {
	secret := slices.ContainsFunc(element.Attr, func(a xml.Attr) bool { return a.Name.Local == "name" && isSecret(a.Value) })
	secret = secret || element.Name.Local == "recipient"
	b.WriteString("<" + spelled(element.Name))
	for _, a := range element.Attr {
		if isSecret(a.Name.Local) || secret && a.Name.Local == "value" || holdsSecret(a.Value) {
			a.Value = removed
		}
		b.WriteString(" " + spelled(a.Name) + `="`)
		_ = xml.EscapeText(b, []byte(a.Value)) // a strings.Builder takes all
		b.WriteString(`"`)
	}
	b.WriteString(">")
}

func spelled(name xml.Name) string {
	if name.Space != "" {
		return name.Space + ":" + name.Local
	}
	return name.Local
}

// isSecret reports whether a name is that of a password or key. Those of Pacemaker's own attributes
// of operations are not.
func isSecret(name string) bool {
	if slices.Contains([]string{"operation_key", "transition-key", "op_key"}, name) {
		return false
	}
	lower := strings.ToLower(name)
	parts := []string{"pass", "pwd", "secret", "key", "token", "cred", "community", "auth"}
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(lower, part) })
}

// holdsSecret reports whether a text, such as the options of a program, has a word NAME=VALUE or --NAME
// whose name is that of a secret, or an URL with a user's password.
func holdsSecret(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;&?'\"", r) }) {
		name, _, assigns := strings.Cut(word, "=")
		_, place, located := strings.Cut(word, "://")
		user, _, _ := strings.Cut(place, "/")
		if (assigns || strings.HasPrefix(word, "--")) && isSecret(name) || located && strings.Contains(user, "@") {
			return true
		}
	}
	return false
}
