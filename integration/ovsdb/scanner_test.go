package ovsdb

import (
	"slices"
	"strings"
	"testing"
)

func TestScannerReadsObjectsInPieces(t *testing.T) {
	t.Parallel()
	long := `{"a":{"name":"x}\"{-1"},"b":"` + strings.Repeat("y", 2*maxText) + `"}`
	stream := `{"id":1,"result":{}}` + "\n" + long + `{"method":"echo"}`
	for _, size := range []int{1, 7, len(stream)} {
		var words, texts []string
		s := scanner{
			word: func(word []byte) { words = append(words, string(word)) },
			text: func(text []byte) { texts = append(texts, strings.TrimSpace(string(text))) },
		}
		for piece := range slices.Chunk([]byte(stream), size) {
			s.feed(piece)
		}
		if want := []string{`{"id":1,"result":{}}`, "", `{"method":"echo"}`}; !slices.Equal(texts, want) {
			t.Errorf("in pieces of %d: texts %q, want %q", size, texts, want)
		}
		if want := []string{"id", "result", "a", "name", `x}"{-1`, "b", strings.Repeat("y", maxWord), "method", "echo"}; len(words) != len(want) || words[6] != want[6] || words[8] != want[8] {
			t.Errorf("in pieces of %d: words %q, want %q", size, words, want)
		}
	}
}
