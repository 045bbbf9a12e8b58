package packaging

import (
	"strings"
	"testing"
)

// Tests that are asked for by name are run as a whole: with -short some would be skipped, and pass.
func TestIntegrationByNameIsNotShort(t *testing.T) {
	need(t, "make")
	for arguments, short := range map[string]bool{"RUN= LONG=": true, "RUN=Remote LONG=": false, "RUN= LONG=1": false} {
		command := []string{"make", "--directory", "..", "--no-print-directory", "--dry-run", "suite-trixie"}
		output := mustRun(t, append(command, strings.Fields(arguments)...)...)
		if strings.Contains(output, " -short ") != short {
			t.Errorf("make suite-trixie %s gives -short: %v, want %v:\n%s", arguments, !short, short, output)
		}
	}
}
