// Package packaging holds the descriptions of the packages, and their tests.
package packaging

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// commandTimeout bounds one command: the longest build, or install, all packages on a busy machine.
const commandTimeout = 15 * time.Minute

// packages returns the built packages of a format.
func packages(t *testing.T, format string) []string {
	t.Helper()
	directory := os.Getenv("PACKAGES")
	if directory == "" {
		t.Skip("PACKAGES names no directory with built packages: run make packages-test")
	}
	found, err := filepath.Glob(filepath.Join(directory, "*."+format))
	if err != nil || len(found) == 0 {
		t.Fatalf("no .%s in %s (%v): run make %s", format, directory, err, format)
	}
	return found
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: run tools/deps packages", program)
		}
	}
}

// run returns the output of a command, and whether it succeeded.
func run(t *testing.T, arguments ...string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), "LC_ALL=C", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	output, err := command.CombinedOutput()
	return string(output), err == nil
}

func mustRun(t *testing.T, arguments ...string) string {
	t.Helper()
	output, ok := run(t, arguments...)
	if !ok {
		t.Fatalf("%s failed:\n%s", strings.Join(arguments, " "), output)
	}
	return output
}

func TestEachFormatHasBothArchitectures(t *testing.T) {
	for format, suffixes := range map[string][]string{
		"deb": {"_amd64.deb", "_arm64.deb"},
		"rpm": {".aarch64.rpm", ".x86_64.rpm"},
	} {
		found := packages(t, format)
		if len(found) != len(suffixes) {
			t.Fatalf("packages are %v, want one for each of %v", found, suffixes)
		}
		for i, suffix := range suffixes {
			if !strings.HasSuffix(found[i], suffix) {
				t.Errorf("package is %s, want one that ends in %s", found[i], suffix)
			}
		}
	}
}

func TestLintianFindsNothingButOverrides(t *testing.T) {
	need(t, "lintian")
	// The maintainer's default address is a placeholder, which whoever publishes packages replaces.
	// Bytes of compiled code are taken for misspelt words: others in each build, and none in some, in
	// which an override would be called unused.
	const suppressed = "bogus-mail-host,bogus-mail-host-in-debian-changelog,spelling-error-in-binary"
	for _, file := range packages(t, "deb") {
		output, ok := run(t, "lintian", "--pedantic", "--display-info", "--suppress-tags", suppressed,
			"--fail-on", "error,warning,info,pedantic", file)
		if !ok {
			t.Errorf("lintian on %s:\n%s", file, output)
		}
	}
}

func TestRpmlintFindsNothingButFilters(t *testing.T) {
	need(t, "rpmlint", "cpio")
	t.Setenv("PATH", relativeCpio(t)+":"+os.Getenv("PATH"))
	for _, file := range packages(t, "rpm") {
		output, ok := run(t, "rpmlint", "--config", "rpm/rpmlint.toml", file)
		if !ok || !strings.Contains(output, " 0 errors, 0 warnings") {
			t.Errorf("rpmlint on %s:\n%s", file, output)
		}
	}
}

// relativeCpio returns a directory with a cpio that unpacks below the current directory. nfpm
// writes absolute names, which rpmlint would have cpio unpack over this machine's own files.
func relativeCpio(t *testing.T) string {
	t.Helper()
	cpio, err := exec.LookPath("cpio")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec %s --no-absolute-filenames \"$@\"\n", cpio)
	if err := os.WriteFile(filepath.Join(directory, "cpio"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestRPMLeavesTheAgentOfOVNAlone(t *testing.T) {
	need(t, "rpm")
	for _, file := range packages(t, "rpm") {
		list := mustRun(t, "rpm", "-qpl", "--nosignature", file)
		if !strings.Contains(list, "/usr/lib/ocf/resource.d/ovndb/ovndb-servers\n") {
			t.Errorf("%s lacks the agent of the provider ovndb:\n%s", file, list)
		}
		for _, path := range []string{"/usr/lib/ocf/resource.d/ovn/", "/usr/share/ovn/"} {
			if strings.Contains(list, path) {
				t.Errorf("%s has files in %s, which the package ovn owns:\n%s", file, path, list)
			}
		}
	}
}

// nativeDeb returns the package for this machine.
func nativeDeb(t *testing.T) string {
	t.Helper()
	all := packages(t, "deb")
	need(t, "dpkg", "dpkg-deb", "dpkg-divert")
	if os.Getuid() != 0 {
		t.Skip("dpkg installs as root only")
	}
	architecture := strings.TrimSpace(mustRun(t, "dpkg", "--print-architecture"))
	for _, file := range all {
		if strings.HasSuffix(file, fmt.Sprintf("_%s.deb", architecture)) {
			return file
		}
	}
	t.Skipf("there is no package for %s", architecture)
	return ""
}
