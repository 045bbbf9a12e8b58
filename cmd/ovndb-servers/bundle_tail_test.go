package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A line is cut where the part that is taken begins, between the name of a password and its value.
func TestTheEndOfALongLogHasNoPartOfALineWithAPassword(t *testing.T) {
	t.Parallel()
	const value = "hidden-value\n"
	path := filepath.Join(t.TempDir(), "ovndb.log")
	rest := value + strings.Repeat("supervising\n", maxLogTail/24)
	rest += strings.Repeat("x", maxLogTail-len(rest)-1) + "\n"
	write(t, path, "password="+rest, 0o600)
	got, err := tail(path, "passw")
	if err != nil || strings.Contains(string(got), "hidden") || !strings.Contains(string(got), "supervising") {
		t.Errorf("%v: %.100q", err, got)
	}
}
