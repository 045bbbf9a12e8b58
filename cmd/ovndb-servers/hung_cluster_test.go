package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hang has the cluster's programs never end, or only those that are named, until the test does.
func (c testCluster) hang(names ...string) {
	c.t.Helper()
	programs, _, _ := strings.Cut(os.Getenv("PATH"), ":")
	entries, err := os.ReadDir(programs)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, entry := range entries {
		if len(names) > 0 && !slices.Contains(names, entry.Name()) {
			continue
		}
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

// From a healthy pair whose attribute manager hangs, while the rest of Pacemaker answers: status ends within
// its time, and has the nodes, the record and the servers here. Before, it had no time left for the files.
func TestStatusEndsAndShowsTheNodesAndTheRecordThoughTheAttributeManagerHangs(t *testing.T) {
	c := newFreshPair(t)
	c.hang("attrd_updater")
	for _, node := range []string{"node1", "node2"} {
		began := time.Now()
		got := c.tool(node, exitDegraded, "status", "-o", "json", "--timeout", "20s")
		if took := time.Since(began); took > 21*time.Second {
			t.Errorf("%s: took %s", node, took)
		}
		r := decode[report](t, got.stdout)
		if !r.Cluster.Available || len(r.Cluster.Nodes) != 2 || r.Cluster.Record == nil || len(r.Copies) != 4 {
			t.Fatalf("%s: %s", node, got.stdout)
		}
		for _, s := range r.Servers {
			if s.Term != 1 || s.Sessions == nil || s.Current == nil || !*s.Current {
				t.Errorf("%s: %+v", node, s)
			}
		}
		wantText(t, strings.Join(r.Problems, "\n"), "cannot query node attribute")
	}
}
