package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hang has the cluster's programs never end, until the test does.
func (c testCluster) hang() {
	c.t.Helper()
	programs, _, _ := strings.Cut(os.Getenv("PATH"), ":")
	entries, err := os.ReadDir(programs)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(programs, entry.Name())
		write(c.t, path, "#!/bin/sh\nexec sleep 600\n", 0o755)
		c.t.Cleanup(func() { write(c.t, path, clusterProgram, 0o755) })
	}
}

func TestStatusAndReportHaveWhatTheNodeKnowsThoughTheClusterHangs(t *testing.T) {
	c := newTestCluster(t)
	c.parameters = patientActions()
	c.lead("node1")
	c.hang()
	known := []string{`"role": "active"`, `"term": 1,`, `"sessions": `}
	got := c.call("node1", "status", "--output", "json", "--timeout", "12s")
	wantText(t, got.stdout, known...)
	if got.code == exitHealthy || strings.Count(got.stdout, known[0]) < 2 || strings.Count(got.stdout, known[1]) != 2 {
		t.Errorf("code %d: %s", got.code, got.stdout)
	}

	path := filepath.Join(t.TempDir(), "report.tar.gz")
	c.tool("node1", exitHealthy, "report", path, "--timeout", "45s")
	parts := unpack(t, path)
	wantText(t, parts["versions.txt"], "ovsdb-server (Open vSwitch)")
	wantText(t, parts["status.json"], known...)
	wantText(t, parts["files.json"], `"schema": "`)
	wantText(t, parts["manifest.json"], "cannot read the CIB")
}
