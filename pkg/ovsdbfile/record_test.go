package ovsdbfile_test

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// record returns text as a record.
func record(text string) string {
	text += "\n"
	return fmt.Sprintf("OVSDB JSON %d %x\n%s", len(text), sha1.Sum([]byte(text)), text)
}

// smallFile returns the first record of a database with the small schema.
func smallFile(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "small.db")
	tool(tb, "create", path, smallSchema)
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func writeFile(tb testing.TB, data string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "written.db")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func replace(tb testing.TB, text, old, by string) string {
	tb.Helper()
	if !strings.Contains(text, old) {
		tb.Fatalf("%q is not there", old)
	}
	return strings.Replace(text, old, by, 1)
}

func rawJSON(text []byte) json.RawMessage { return text }

// isObject reports whether text is a JSON object and nothing else.
func isObject(text string) bool {
	return json.Valid([]byte(text)) && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
}
