package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/pki/pkitest"
)

// newTLSPair returns a cluster as [newFreshPair] does, whose servers speak TLS with their clients and with
// each other.
func newTLSPair(t *testing.T) testCluster {
	t.Helper()
	files := pkitest.New(t, "authority").Files(t, "node")
	parameters := map[string]string{}
	for _, database := range []string{"nb", "sb"} {
		maps.Copy(parameters, map[string]string{
			database + "_master_protocol": "ssl", "ovn_" + database + "_db_privkey": files.PrivateKey,
			"ovn_" + database + "_db_cert": files.Certificate, "ovn_" + database + "_db_cacert": files.CACert,
		})
	}
	c := newTestCluster(t)
	c.configured(parameters)
	c.parameters = patientActions()
	for name, value := range parameters {
		c.parameters["OCF_RESKEY_"+name] = value
	}
	c.pairUp()
	return c
}

// From a pair that speaks TLS: the active is asked with the files that the resource's parameters name.
func TestStatusAndExplainAskAnActiveThatSpeaksTLS(t *testing.T) {
	c := newTLSPair(t)
	c.wantFresh()
	for _, n := range decode[explanation](t, c.tool("node2", exitHealthy, "explain", "-o", "json").stdout).Nodes {
		if len(n.Positions) != 2 || n.Positions[0].Term != 1 {
			t.Errorf("of node %s explain knows %+v", n.Node, n.Positions)
		}
	}
	c.wantStaleOnceSilent()
}

// From a pair that speaks TLS, whose resource cannot be looked up: the active is not asked, and it is said so.
func TestStatusSaysThatAnActiveThatSpeaksTLSCannotBeAskedWithoutTheParameters(t *testing.T) {
	c := newTLSPair(t)
	if err := os.Remove(filepath.Join(c.values, "parameters")); err != nil {
		t.Fatal(err)
	}
	got := c.tool("node2", exitDegraded, "status", "-o", "json")
	const unknown = "node1 OVN_Northbound active unknown\nnode1 OVN_Southbound active unknown\n" +
		"node2 OVN_Northbound backup unknown\nnode2 OVN_Southbound backup unknown"
	if copies := copiesOf(t, got.stdout); copies != unknown {
		t.Errorf("copies are\n%s\nwant\n%s", copies, unknown)
	}
	wantText(t, got.stdout, "the OVN_Northbound server of the promoted node node1 was not asked: it speaks TLS", "ovndb-servers doctor")
}

// From a pair that speaks TLS, by the tool on the old active and then on the new one: each has to ask the other
// node's server.
func TestSwitchoverWithTLSShowsForHowLongWritesStoodStill(t *testing.T) {
	c := newTLSPair(t)
	wait := c.onMove(func() { c.moveRole("node1", "node2") })
	got := c.tool("node1", exitHealthy, "switchover", "--yes")
	wait()
	wantText(t, got.stdout, "node node2 leads after", "OVN_Northbound: at most ", "OVN_Southbound: at most ")
}
