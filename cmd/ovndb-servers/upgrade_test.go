package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
)

// newOlderCluster is a cluster whose node1 leads databases of older schemas than the installed ones. It
// returns how a node publishes the installed ones.
func newOlderCluster(t *testing.T) (c testCluster, published string) {
	t.Helper()
	c = newTestCluster(t)
	directory, published := olderSchemas(t)
	c.parameters = map[string]string{"OCF_RESKEY_ovn_schemadir": directory}
	c.lead("node1")
	return c, published
}

// olderSchemas returns a directory with schemas of an older version, and how a node publishes the
// installed ones.
func olderSchemas(t *testing.T) (directory, published string) {
	t.Helper()
	directory = t.TempDir()
	version := regexp.MustCompile(`"version": *"([^"]*)"`)
	for name, database := range map[string]string{"ovn-nb.ovsschema": "OVN_Northbound", "ovn-sb.ovsschema": "OVN_Southbound"} {
		text, err := os.ReadFile(filepath.Join("/usr/share/ovn", name))
		if err != nil {
			t.Fatal(err)
		}
		published += database + "=" + string(version.FindSubmatch(text)[1]) + " "
		write(t, filepath.Join(directory, name), string(version.ReplaceAll(text, []byte(`"version": "0.0.1"`))), 0o644)
	}
	return directory, published
}

// From a node that leads with ovn-northd, by the configuration of the resource, whose package is newer than
// the databases: status says that ovn-northd waits, and for which nodes, also for a member that is away and
// has published nothing. Before, it took the configuration for one without ovn-northd.
func TestStatusSaysWhatNorthdAndTheConversionWaitFor(t *testing.T) {
	c, published := newOlderCluster(t)
	c.configured(map[string]string{"manage_northd": "yes", "master_ip": "127.0.0.9"})
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), published, 0o644)
	write(t, filepath.Join(c.values, "master-ovndb", "node2"), "50", 0o644)
	got := c.tool("node1", exitDegraded, "status", "-o", "json")
	r := decode[report](t, got.stdout)
	if r.Northd == nil || !r.Northd.Managed || !strings.Contains(r.Northd.Waits, "OVN_Southbound has schema 0.0.1") {
		t.Errorf("northd is %+v: %s", r.Northd, got.stdout)
	}
	if len(r.Upgrade) != 2 || strings.Join(r.Upgrade[0].WaitsFor, " ") != "node2" || r.Upgrade[0].Refused {
		t.Errorf("upgrade is %+v", r.Upgrade)
	}
	wantText(t, c.tool("node1", exitDegraded, "status").stdout, "ovn-northd: not running, waits for the conversion of the databases",
		"upgrade: OVN_Northbound keeps its schema until", "on: node2", "problem: ovn-northd is not started: OVN_Northbound has schema 0.0.1")
}

func TestTextOfAnUpgradeSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]upgradeReport{
		"keeps its schema until the package of OVN brings 2.0.0 on: node2, node3": {WaitsFor: []string{"node2", "node3"}},
		"is about to be converted to schema 2.0.0":                                {},
		"was not converted to schema 2.0.0, which is not tried again":             {Refused: true},
	} {
		u.Database, u.Version = "OVN_Northbound", "2.0.0"
		wantText(t, u.text(), "OVN_Northbound "+want)
	}
}

// From a resource whose directories of OVN are parameters: the tool finds them without options.
func TestTheToolTakesTheDirectoriesFromTheParameters(t *testing.T) {
	t.Parallel()
	p := place{layout: process.Layout{DatabaseDir: "/named"}}
	p.configure(parametersOf(pacemaker.Primitive{Parameters: map[string]string{
		"ovn_rundir": "/r", "ovn_dbdir": "/d", "ovn_schemadir": "/s", "databases": "ovn-ic", "snapshots": "wrong",
	}}))
	want := process.Layout{RunDir: "/r", DatabaseDir: "/named", SchemaDir: "/s", Pair: process.PairInterconnect}
	if p.layout != want {
		t.Errorf("%+v, want %+v", p.layout, want)
	}
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

// From a promoted node whose package of OVN was replaced by an older one: nothing is converted, the reason
// and the two ways out are said, and the server goes on with the schema that it has.
func TestDowngradeIsRefusedWithTheReason(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	directory, _ := olderSchemas(t)
	c.configured(map[string]string{"ovn_schemadir": directory, "master_ip": "127.0.0.9"})
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), "OVN_Northbound=0.0.1 OVN_Southbound=0.0.1", 0o644)
	for _, args := range [][]string{{"upgrade"}, {"upgrade", "--yes"}} {
		got := c.tool("node1", exitDegraded, args...)
		wantText(t, got.stdout, "OVN_Northbound: schema", "the package on this node brings 0.0.1: is older, and stays as it is")
		wantText(t, got.stderr, "a database is not converted to an older schema: install the newer OVN again",
			"restore the snapshot that was kept before the conversion (ovndb-servers snapshots list)")
	}
	c.insert("node1", "after")
	if text := c.tool("node1", exitHealthy, "snapshots", "list").stdout; strings.Contains(text, "upgrade") {
		t.Errorf("a snapshot was kept for it: %s", text)
	}
}

// From a promoted node whose package is newer than that of another one, without ovn-northd: monitor says what
// the conversion waits for, with the code of a healthy node.
func TestMonitorSaysWhatAnUpgradeWaitsForAndIsNotDegradedByIt(t *testing.T) {
	s := supervised{newTestCluster(t)}
	s.enable()
	use := func(schemas string) {
		t.Helper()
		s.parameters["OCF_RESKEY_ovn_schemadir"] = schemas
		t.Setenv("OCF_RESKEY_ovn_schemadir", schemas) // the supervisor inherits it
	}
	older, _ := olderSchemas(t)
	use(older)
	write(t, filepath.Join(s.values, "ovndb-schemas-ovndb", "node2"), "OVN_Northbound=0.0.1 OVN_Southbound=0.0.1", 0o644)
	s.lead("node1")
	if text := s.agent("node1", "monitor", 8); strings.Contains(text, "ocf-exit-reason") {
		t.Errorf("before the upgrade it says %s", text)
	}
	use("/usr/share/ovn")
	s.agent("node1", "monitor", 191) // it replaces the supervisor
	s.becomes("monitor to say what is waited for", func() bool {
		code, text := s.act("node1", "monitor")
		return code == 8 && strings.Contains(text, "ocf-exit-reason:the databases keep their schema until") && strings.Contains(text, "still missing: node2")
	})
}
