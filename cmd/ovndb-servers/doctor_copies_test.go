package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/doctor"
)

// From a node with databases in both directories of OVN's packages, the older ones touched last: doctor
// makes all its checks, and says which are newer by what they hold.
func TestDoctorSaysWhichOfTwoCopiesOfTheDatabasesIsNewer(t *testing.T) {
	c := newTestCluster(t)
	c.configure()
	root := t.TempDir()
	keep := func(directory string, written time.Time) {
		t.Helper()
		for _, name := range []string{"ovnnb_db.db", "ovnsb_db.db"} {
			text, err := os.ReadFile(filepath.Join(c.nodes["node1"], "db", name))
			path := filepath.Join(root, directory, name)
			if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600), os.Chtimes(path, written, written)); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.lead("node1")
	keep("var/lib/ovn", time.Now())
	c.away("node1")
	c.lead("node1")
	keep("etc/ovn", time.Now().Add(-time.Hour))
	found := c.directoryFindings(root)
	older := filepath.Join(root, "var/lib/ovn")
	if len(found) != 1 || found[0].Severity != doctor.Problem || found[0].Command != "mv "+older+"/ovnnb_db.db "+older+"/ovnsb_db.db /root/" {
		t.Fatalf("found %+v", found)
	}
	wantText(t, found[0].Text, "databases in two directories", filepath.Join(root, "etc/ovn")+" is newer by the terms and beats in them", "term 1", "term 2", "ovn_dbdir")
	for _, name := range []string{"ovnnb_db.db", "ovnsb_db.db"} {
		write(t, filepath.Join(older, name), "damaged", 0o600)
	}
	wantText(t, c.directoryFindings(root)[0].Text, older+" is newer by the times of the files")
}

// directoryFindings returns what doctor finds in the directories of a system under root.
func (c testCluster) directoryFindings(root string) []doctor.Finding {
	c.t.Helper()
	c.at("node1")
	o := doctorOptions{root: root, place: place{
		stateDir: filepath.Join(c.nodes["node1"], "state"), stateRunDir: filepath.Join(c.nodes["node1"], "state-run"),
	}}
	f, node, err := o.facts(c.t.Context())
	if err != nil || node != "node1" {
		c.t.Fatalf("node %q: %v", node, err)
	}
	var found []doctor.Finding
	for _, finding := range doctor.Examine(f) {
		if finding.Check == "directories" && strings.Contains(finding.Text, root) {
			found = append(found, finding)
		}
	}
	return found
}
