package network

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDualStackIsWithIPv6SocketsThatDoNotLeaveIPv4Alone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"0\n": true, "1\n": false, "": false} {
		setting := filepath.Join(t.TempDir(), "bindv6only")
		if err := os.WriteFile(setting, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := dualStack(setting); got != want {
			t.Errorf("bindv6only=%q: got %v", text, got)
		}
	}
	if dualStack(filepath.Join(t.TempDir(), "missing")) {
		t.Error("a kernel without IPv6 has it")
	}
}
