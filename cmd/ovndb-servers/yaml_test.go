package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestYAMLIsTheJSONInAnotherForm(t *testing.T) {
	t.Parallel()
	v := struct {
		Text  string           `json:"text"`
		Words []string         `json:"words"`
		None  []string         `json:"none"`
		Empty struct{}         `json:"empty"`
		Rows  []map[string]any `json:"rows"`
		Deep  map[string]any   `json:"deep"`
		Null  *int             `json:"null"`
	}{
		Text: "a: b # c\n\x1b", Words: []string{"plain", "yes", "1", "", "two words"}, None: []string{},
		Rows: []map[string]any{{"a": 1.5, "b": []int{1, 2}}, {"a": true, "b": map[string]string{}}}, Deep: map[string]any{"x": map[string]any{"y": "z"}},
	}
	const want = `text: "a: b # c\n\e"
words:
  - "plain"
  - "yes"
  - "1"
  - ""
  - "two words"
none: []
empty: {}
rows:
  - a: 1.5
    b:
      - 1
      - 2
  - a: true
    b: {}
deep:
  x:
    y: "z"
"null": null
`
	var b strings.Builder
	if err := writeYAML(&b, v); err != nil || b.String() != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestAnyTextIsTheSameInYAML(t *testing.T) {
	t.Parallel()
	for r := range rune(0x1_1000) {
		if r > 0x2100 && r < 0xd700 {
			continue // signs and letters
		}
		var b strings.Builder
		want := "a" + string(r) + "b"
		if err := writeYAML(&b, []string{want}); err != nil {
			t.Fatalf("%U: %v", r, err)
		}
		var got []string
		if err := yaml.Unmarshal([]byte(b.String()), &got); err != nil || len(got) != 1 || got[0] != want {
			t.Fatalf("%U: %q became %q, %v", r, want, got, err)
		}
	}
}
