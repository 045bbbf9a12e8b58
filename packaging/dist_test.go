package packaging

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// distDirectory returns the directory of `make dist`.
func distDirectory(t *testing.T) string {
	t.Helper()
	directory := os.Getenv("PACKAGES")
	if directory == "" {
		t.Skip("PACKAGES names no directory with what make dist builds: run make packages-test")
	}
	return directory
}

// checksums returns the SHA-256 of each file in a directory but that of the checksums, by name.
func checksums(t *testing.T, directory string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, entry := range entries {
		if entry.IsDir() || entry.Name() == "SHA256SUMS" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		sums[entry.Name()] = hex.EncodeToString(sum[:])
	}
	return sums
}

func TestChecksumsAreThoseOfEachFile(t *testing.T) {
	t.Parallel()
	directory := distDirectory(t)
	text, err := os.ReadFile(filepath.Join(directory, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	want := checksums(t, directory)
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if want[name] != sum {
			t.Errorf("SHA256SUMS has %s of %q, which has %q", sum, name, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("SHA256SUMS lacks %s", name)
	}
}

func TestBillOfMaterialsIsThatOfThePrograms(t *testing.T) {
	t.Parallel()
	directory := distDirectory(t)
	text, err := os.ReadFile(filepath.Join(directory, "ovndb-servers.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, component := range bill.Components {
		listed[component.Name] = component.Version
	}
	for _, program := range []string{"ovndb-servers-linux-amd64", "ovndb-servers-linux-arm64"} {
		info, err := buildinfo.ReadFile(filepath.Join(directory, program))
		if err != nil {
			t.Fatal(err)
		}
		contained := map[string]string{"std": info.GoVersion}
		for _, module := range info.Deps {
			contained[module.Path] = module.Version
		}
		for name, version := range contained {
			if listed[name] != version {
				t.Errorf("%s contains %s %s, of which the bill has %q", program, name, version, listed[name])
			}
		}
		if len(listed) != len(contained) {
			t.Errorf("the bill lists %d modules, %s contains %d", len(listed), program, len(contained))
		}
	}
}

// A second build, in another directory and at another time, is the same to the byte.
func TestBuildsOfOneCommitAreTheSame(t *testing.T) {
	first := checksums(t, distDirectory(t))
	need(t, "make", "git")
	t.Parallel()
	tree := filepath.Join(t.TempDir(), "elsewhere")
	mustRun(t, "cp", "--recursive", "--no-target-directory", "..", tree)
	if err := os.RemoveAll(filepath.Join(tree, "dist")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "env", "GIT_OPTIONAL_LOCKS=0", "make", "--directory", tree, "dist") // The copy may share its index.
	second := checksums(t, filepath.Join(tree, "dist"))
	for name, sum := range first {
		if second[name] != sum {
			t.Errorf("%s is %s in the first build, and %q in the second", name, sum, second[name])
		}
	}
	if len(second) != len(first) {
		t.Errorf("the builds have %d and %d files", len(first), len(second))
	}
}
