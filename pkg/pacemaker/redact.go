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

// RedactedCIB returns the CIB without what looks like a password or key.
func RedactedCIB(ctx context.Context) (string, error) {
	out, err := runCIBAdmin(ctx, "--query")
	if err != nil {
		return "", fmt.Errorf("cannot read the CIB: %w", err)
	}
	return redactXML(out)
}

// Overview returns the cluster's state as crm_mon prints it for a person, without what looks like a
// password.
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
		lower := strings.ToLower(line)
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) }) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			name, _, _ = strings.Cut(name, ":")
			name, _, _ = strings.Cut(name, "=")
			line = name + ": " + removed + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// redactXML replaces the values of attributes and name-value pairs whose name is that of a secret.
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
	b.WriteString("<" + spelled(element.Name))
	for _, a := range element.Attr {
		if isSecret(a.Name.Local) || secret && a.Name.Local == "value" {
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
	parts := []string{"pass", "secret", "key", "token", "credential", "community", "auth"}
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(lower, part) })
}
