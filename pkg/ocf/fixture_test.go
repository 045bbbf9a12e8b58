package ocf_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/ocf"
)

// The files in testdata/environment hold the environment Pacemaker gives an action, one NAME=value
// to a line. They were made from transition graphs: those of 2.1.5 by crm_simulate from a cluster
// of three nodes, those of 2.0.5 are in its own regression tests (bug-5143-ms-shuffle,
// master-move). That of 3.0.0 has the form of bundle-order-fencing there.

// environment is a set of variables.
type environment map[string]string

func (e environment) getenv(name string) string {
	return e[name]
}

// and returns a copy with more variables set.
func (e environment) and(more environment) environment {
	both := maps.Clone(e)
	maps.Copy(both, more)
	return both
}

// parseLines reads NAME=value lines. A value may be one blank, so nothing is trimmed.
func parseLines(text string) environment {
	e := environment{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			e[name] = value
		}
	}
	return e
}

func fixture(tb testing.TB, name string) environment {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "environment", name+".env"))
	if err != nil {
		tb.Fatalf("cannot read fixture: %v", err)
	}
	return parseLines(string(text))
}

// parseFixture parses a fixture, and fails the test if it is refused.
func parseFixture(t *testing.T, action, name string) ocf.Environment {
	t.Helper()
	e, err := ocf.ParseEnvironment(action, fixture(t, name).getenv)
	if err != nil {
		t.Fatalf("cannot parse %s: %v", name, err)
	}
	return e
}

// addFixtures makes every fixture a seed of a fuzz target.
func addFixtures(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "environment", "*.env"))
	if err != nil || len(names) == 0 {
		f.Fatalf("cannot find fixtures: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatalf("cannot read fixture: %v", err)
		}
		f.Add(string(text))
	}
}
