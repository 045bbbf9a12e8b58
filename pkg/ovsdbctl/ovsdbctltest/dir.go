package ovsdbctltest

import (
	"os"
	"testing"
)

// Dir returns a new directory that is removed after the test. Its path is short: that of a
// Unix socket is limited to 107 bytes (unix(7)), which tb.TempDir can exceed.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "ovn")
	if err != nil {
		tb.Fatalf("cannot create a directory for sockets: %v", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("cannot remove the directory for sockets: %v", err)
		}
	})
	return dir
}
