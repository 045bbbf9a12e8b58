package main

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// writeYAML writes the JSON of a value as YAML, with the same keys in the same order: YAML contains
// JSON, so that only the style changes.
func writeYAML(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(escaped(text), &document); err != nil {
		return fmt.Errorf("cannot write YAML: %w", err)
	}
	spread(&document)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return fmt.Errorf("cannot write YAML: %w", err)
	}
	return encoder.Close()
}

// escaped writes the characters of JSON in the form of JSON's escapes that YAML takes only so (YAML 1.2.2,
// section 5.1). They are in texts alone.
func escaped(text []byte) []byte {
	var b []byte
	for _, r := range string(text) {
		if r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			b = fmt.Appendf(b, `\u%04x`, r)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

// spread puts each member of an object or list on a line of its own, and leaves texts quoted: without
// quotes, readers of YAML 1.1 take some, such as yes, for something else. Names of members need none.
func spread(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = 0
	}
	for i, child := range n.Content {
		spread(child)
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			child.Style = 0
		}
	}
}
