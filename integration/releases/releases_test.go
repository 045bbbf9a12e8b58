package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

const output = `=== RUN   TestA
--- PASS: TestA (0.00s)
=== RUN   TestB
=== RUN   TestB/one
    b_test.go:9: 1 lost
--- FAIL: TestB (0.10s)
    --- FAIL: TestB/one (0.10s)
    --- PASS: TestB/two (0.10s)
=== RUN   TestC
    c_test.go:12: the kernel does not count the waits
--- SKIP: TestC (0.00s)
FAIL
`

func TestResultsAreCountedWithoutThoseOfSubtests(t *testing.T) {
	t.Parallel()
	c := countResults(output)
	if got, want := c.String(), "1 passed, 1 skipped, **1 failed**: TestB"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := strings.Join(c.Reasons, ";"), "TestC: the kernel does not count the waits"; got != want {
		t.Errorf("reasons %q, want %q", got, want)
	}
}

// A run of one release's unit tests changes that release's versions and that cell, and nothing else.
func TestALineOfTheTableKeepsWhatWasNotRun(t *testing.T) {
	t.Parallel()
	document := "before\n\n" + tableBegin + "\n" + tableEnd + "\nafter\n"
	passed := &count{Passed: 7}
	for _, l := range []line{
		{Release: "sid", Versions: []string{"4.0.0", "26.03.1", "3.0.3", "3.1.10"}, Date: "2026-11-01", Clusters: &count{Passed: 4}},
		{Release: "bullseye", Versions: []string{"2.15.0", "20.12.0", "2.0.5", "3.1.2"}, Date: "2026-11-02", Unit: passed},
		{Release: "sid", Versions: []string{"4.0.1", "26.03.1", "3.0.3", "3.1.10"}, Date: "2026-11-03", Unit: passed},
	} {
		var err error
		if document, err = withLine(document, l); err != nil {
			t.Fatal(err)
		}
	}
	want := `before

<!-- versions -->
| Debian | Open vSwitch | OVN | Pacemaker | Corosync | unit tests | tests on clusters |
|---|---|---|---|---|---|---|
| sid | 4.0.1 | 26.03.1 | 3.0.3 | 3.1.10 | 2026-11-03: 7 passed | 2026-11-01: 4 passed |
| bullseye | 2.15.0 | 20.12.0 | 2.0.5 | 3.1.2 | 2026-11-02: 7 passed | not run |
<!-- /versions -->
after
`
	if document != want {
		t.Errorf("the document is\n%s\nwant\n%s", document, want)
	}
}

func TestADocumentWithoutAPlaceForTheTableIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := withLine(tableEnd+tableBegin, line{}); !errors.Is(err, errNoMarkers) {
		t.Errorf("error %v, want %v", err, errNoMarkers)
	}
}

func TestVersionInWhatAProgramPrints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ovsdb-server (Open vSwitch) 3.5.0\n":                               "3.5.0",
		"Pacemaker 2.1.5-8.el9\nWritten by ...":                             "2.1.5",
		"Corosync Cluster Engine, version '3.1.7'\n":                        "3.1.7",
		"ovn-nbctl 23.03.1\nOpen vSwitch Library 3.1.0":                     "23.03.1",
		"[FATAL tini (7)] exec ovn-nbctl failed: No such file or directory": "",
	} {
		if got := versionIn(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// The packages that are tested are where their paths say, and the table is written by a run of all tests alone.
func TestPackagesOfUnitTestsAreChosenByTheirPaths(t *testing.T) {
	t.Parallel()
	all, err := options{packages: everything}.chosen()
	if err != nil || len(all) != len(unitPackages()) {
		t.Errorf("all are %q, %v", all, err)
	}
	for _, name := range all {
		if tests, err := filepath.Glob(filepath.Join("../..", name, "*_test.go")); err != nil || len(tests) == 0 {
			t.Errorf("%s has no tests (%v)", name, err)
		}
	}
	o := options{unit: true, unitRun: everything, packages: "^cmd/|/ocf$"}
	if some, err := o.chosen(); err != nil || strings.Join(some, " ") != "pkg/ocf cmd/ovndb-servers" || !o.partial() {
		t.Errorf("chosen are %q, %v", some, err)
	}
	if _, err := (options{packages: "none"}).chosen(); !errors.Is(err, errNoPackage) {
		t.Errorf("error %v, want %v", err, errNoPackage)
	}
	if (options{unit: true, unitRun: everything, packages: everything}).partial() {
		t.Error("a run of all is partial")
	}
}
