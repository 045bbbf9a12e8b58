package ocf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/ocf"
)

// The schema of the OCF specification itself is in no Debian package. pcs's is a relaxed form of
// it.
func TestMetadataIsValidForTheToolsThatReadIt(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, schema, debianPackage string
		xmllint                     []string
	}{
		{"ocf-tester", "/usr/share/resource-agents/ra-api-1.dtd", "resource-agents", []string{"--valid"}},
		{"pcs", "/usr/share/pcs/data/ocf-1.1.rng", "pcs", []string{"--relaxng", "ocf-1.1.rng"}},
	}
	for _, row := range rows {
		for minor, api := range []string{"OCF 1.0", "OCF 1.1"} {
			t.Run(row.name+" "+api, func(t *testing.T) {
				t.Parallel()
				directory := filepath.Dir(findSchema(t, row.schema, row.debianPackage))
				if out, err := xmllint(t, directory, ocf.Metadata(minor, "0.0.0"), row.xmllint...); err != nil {
					t.Errorf("meta-data is not valid: %v\n%s", err, out)
				}
				broken := strings.Replace(ocf.Metadata(minor, "0.0.0"), "<version>1.1</version>", "<verse/>", 1)
				if _, err := xmllint(t, directory, broken, row.xmllint...); err == nil {
					t.Error("broken meta-data is valid too, so the schema was not used")
				}
			})
		}
	}
}

// xmllint validates a document, as ocf-tester does: in the directory of the schema, so that the
// name alone finds it.
func xmllint(t *testing.T, directory, document string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("cannot find xmllint: install the Debian package libxml2-utils, or run make deps")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--nonet", "--noout"}, append(args, "-")...)...)
	cmd.Dir = directory
	cmd.Stdin = strings.NewReader(document)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// findSchema looks where the package installs the schema, and where make deps unpacks it.
func findSchema(t *testing.T, path, debianPackage string) string {
	t.Helper()
	candidates := []string{path}
	if cache, err := os.UserCacheDir(); err == nil {
		candidates = append(candidates, filepath.Join(cache, "ovndb-servers", "schemas", path))
	}
	for _, candidate := range candidates {
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	t.Fatalf("cannot find %s: install the Debian package %s, or run make deps", strings.Join(candidates, " or "), debianPackage)
	return ""
}
