package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// newOlderCluster is a cluster whose node1 leads databases of older schemas than the installed ones. It
// returns how a node publishes the installed ones.
func newOlderCluster(t *testing.T) (c testCluster, published string) {
	t.Helper()
	c = newTestCluster(t)
	directory := t.TempDir()
	version := regexp.MustCompile(`"version": *"([^"]*)"`)
	for name, database := range map[string]string{"ovn-nb.ovsschema": "OVN_Northbound", "ovn-sb.ovsschema": "OVN_Southbound"} {
		text, err := os.ReadFile(filepath.Join("/usr/share/ovn", name))
		if err != nil {
			t.Fatal(err)
		}
		published += database + "=" + string(version.FindSubmatch(text)[1]) + " "
		write(t, filepath.Join(directory, name), string(version.ReplaceAll(text, []byte(`"version": "0.0.1"`))), 0o644)
	}
	c.parameters = map[string]string{"OCF_RESKEY_ovn_schemadir": directory}
	c.lead("node1")
	return c, published
}

func TestUpgradeShowsTheConversionsAndDoesThemIfConfirmed(t *testing.T) {
	c, published := newOlderCluster(t)
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), published, 0o644)
	got := c.tool("node1", exitUnconfirmed, "upgrade")
	wantText(t, got.stdout, "OVN_Northbound: schema 0.0.1, the package on this node brings", "will be converted")
	got = c.tool("node1", exitHealthy, "upgrade", "--yes")
	wantText(t, got.stdout, "Done.")
	wantText(t, c.tool("node1", exitHealthy, "snapshots", "list").stdout, "upgrade", "OVN_Southbound")
	got = c.tool("node1", exitHealthy, "upgrade")
	wantText(t, got.stdout, "have the schemas that the package of OVN on this node brings")
}

func TestUpgradeIsRefusedWhileANodeHasTheOlderPackageAndWhereNothingLeads(t *testing.T) {
	c, published := newOlderCluster(t)
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), published, 0o644)
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node2"), "OVN_Northbound=0.0.1 OVN_Southbound=0.0.1", 0o644)
	got := c.tool("node1", exitDegraded, "upgrade", "--yes")
	wantText(t, got.stdout, "waits for the package on node2")
	wantText(t, got.stderr, "install it there")
	c.role("node2", "Unpromoted")
	wantText(t, c.tool("node1", exitHealthy, "status").stdout, "upgrade: OVN_Northbound keeps its schema until the package of OVN brings", "on: node2")
	wantText(t, c.tool("node2", exitDegraded, "upgrade", "--yes").stderr, "this node does not lead: call it on the promoted node")
}
