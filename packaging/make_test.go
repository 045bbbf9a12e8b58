package packaging

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMakeInstallLaysAllFilesAndBothLinks(t *testing.T) {
	distDirectory(t) // The program is built there.
	need(t, "make")
	for _, c := range []struct {
		provider string
		links    []string
	}{
		{"ovn", []string{"usr/lib/ocf/resource.d/ovn/ovndb-servers", "usr/share/openvswitch/scripts/ovndb-servers.ocf"}},
		// The second link is that of ovn-common, which is another agent's then.
		{"ovndb", []string{"usr/lib/ocf/resource.d/ovndb/ovndb-servers"}},
	} {
		t.Run(c.provider, func(t *testing.T) {
			root := t.TempDir()
			mustRun(t, "make", "--directory", "..", "install", "DESTDIR="+root, "OCF_PROVIDER="+c.provider)
			want := map[string]string{
				"usr/sbin/ovndb-servers":                                    "755",
				"usr/share/man/man8/ovndb-servers.8":                        "644",
				"usr/share/man/man7/ocf_" + c.provider + "_ovndb-servers.7": "644",
				"usr/share/ovndb-servers/ovndb-servers.schema.json":         "644",
			}
			for _, link := range c.links {
				want[link] = "-> /usr/sbin/ovndb-servers"
			}
			if got := installed(t, root); !maps.Equal(got, want) {
				t.Errorf("make install has laid\n%s\nwant\n%s", describe(got), describe(want))
			}
		})
	}
}

// installed returns the files below a directory, each with its permissions, or with the target of the link that it is.
func installed(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, root+"/")
		if target, err := os.Readlink(path); err == nil {
			found[name] = "-> " + target
			return nil
		}
		found[name] = strings.TrimSpace(mustRun(t, "stat", "--format", "%a", path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func describe(files map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		lines = append(lines, name+" "+files[name])
	}
	return strings.Join(lines, "\n")
}

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
