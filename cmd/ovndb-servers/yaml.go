package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// writeYAML writes the JSON of a value as YAML, with the same keys in the same order. Strings that
// YAML could take for something else are written as in JSON, which YAML contains.
func writeYAML(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	y := yamlWriter{decoder: decoder}
	if err := y.value(0, ""); err != nil {
		return fmt.Errorf("cannot write YAML: %w", err)
	}
	_, err = io.WriteString(out, y.text.String())
	return err
}

// errListInList is returned for what no result of the tool has.
var errListInList = errors.New("a list in a list")

type yamlWriter struct {
	decoder *json.Decoder
	text    strings.Builder
}

// value writes the next value. Its first line goes on the current one, after separator; lines of
// its own are indented by depth.
func (y *yamlWriter) value(depth int, separator string) error {
	token, err := y.decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return y.members(depth, separator)
	case json.Delim('['):
		return y.elements(depth, separator)
	}
	y.text.WriteString(separator + scalar(token) + "\n")
	return nil
}

// members writes an object. In a list its first member stands on the line of the dash.
func (y *yamlWriter) members(depth int, separator string) error {
	if !y.decoder.More() {
		y.text.WriteString(separator + "{}\n")
		_, err := y.decoder.Token()
		return err
	}
	first := strings.HasSuffix(separator, "-") || separator == ""
	if separator != "" && !first {
		y.text.WriteString("\n")
	}
	for y.decoder.More() {
		key, err := y.decoder.Token()
		if err != nil {
			return err
		}
		switch {
		case first && separator != "":
			y.text.WriteString(separator + " ")
		case !first || separator == "":
			y.text.WriteString(strings.Repeat("  ", depth))
		}
		first = false
		y.text.WriteString(scalar(key) + ":")
		if err := y.value(depth+1, " "); err != nil {
			return err
		}
	}
	_, err := y.decoder.Token()
	return err
}

func (y *yamlWriter) elements(depth int, separator string) error {
	if !y.decoder.More() {
		y.text.WriteString(separator + "[]\n")
		_, err := y.decoder.Token()
		return err
	}
	if separator != "" {
		y.text.WriteString("\n")
	}
	indent := strings.Repeat("  ", depth)
	for y.decoder.More() {
		y.text.WriteString(indent)
		if err := y.element(depth); err != nil {
			return err
		}
	}
	_, err := y.decoder.Token()
	return err
}

func (y *yamlWriter) element(depth int) error {
	token, err := y.decoder.Token()
	switch {
	case err != nil:
		return err
	case token == json.Delim('{'):
		return y.members(depth+1, "-")
	case token == json.Delim('['):
		return errListInList
	default:
		y.text.WriteString("- " + scalar(token) + "\n")
		return nil
	}
}

// scalar writes a key or a single value.
func scalar(token json.Token) string {
	switch token := token.(type) {
	case string:
		if isPlainYAML(token) {
			return token
		}
		quoted, _ := json.Marshal(token) // a string can always be encoded
		return string(quoted)
	case nil:
		return "null"
	default:
		return fmt.Sprint(token)
	}
}

// isPlainYAML reports whether a text is the same string in YAML without quotes.
func isPlainYAML(text string) bool {
	letter := func(c rune) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	inWord := func(c rune) bool { return letter(c) || c >= '0' && c <= '9' || strings.ContainsRune("_./-", c) }
	return text != "" && letter(rune(text[0])) && !isYAMLWord(text) &&
		!strings.ContainsFunc(text, func(c rune) bool { return !inWord(c) })
}

// isYAMLWord reports whether YAML takes a text for a truth value or for nothing.
func isYAMLWord(text string) bool {
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan":
		return true
	default:
		return false
	}
}
