package packaging

import (
	"os"
	"path/filepath"
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

// Where the database of vulnerabilities does not answer, lint says that they were not looked for; where it does, a
// vulnerability is a failure.
func TestVulnerabilitiesAreAFailureAndNoDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		database, output string
		succeeds         bool
	}{
		"no answer": {"", "SKIPPED: vulnerabilities were not looked for", true},
		"an answer": {"echo DB updated: 2026-11-01", "Vulnerability #1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "govulncheck")
			script := "#!/bin/sh\ncase $3 in -version) echo Scanner: govulncheck; " + c.database + " ;; *) echo 'Vulnerability #1'; exit 3 ;; esac\n"
			if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			output, ok := run(t, "../tools/vulnerabilities", program, "-db", "file:///none")
			if ok != c.succeeds || !strings.Contains(output, c.output) {
				t.Errorf("success is %v, want %v, and the output is\n%s\nwant %q in it", ok, c.succeeds, output, c.output)
			}
		})
	}
}
