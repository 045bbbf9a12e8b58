package metrics

import (
	"strings"
	"testing"
)

// Whatever a client sends, at most maxRequest bytes are read, and a request that counts has a path.
func FuzzReadRequest(f *testing.F) {
	for _, seed := range []string{"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD / HTTP/1.0\n\n", "GET", "\x00\r\n", "GET  HTTP/1.1\n\n", strings.Repeat("a", maxRequest+1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := strings.NewReader(text)
		r, err := readRequest(source)
		if read := len(text) - source.Len(); read > maxRequest {
			t.Errorf("%d bytes were read", read)
		}
		if err == nil && (r.method == "" || !strings.HasPrefix(r.path, "/") || strings.Contains(r.path, "?")) {
			t.Errorf("%q is taken for %q %q", text, r.method, r.path)
		}
	})
}
