package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process/processtest"
)

func TestStatusShowsTermAndProgressOfACurrentNode(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	c.insert("node1", "a")
	c.agent("node1", "monitor", 8)
	c.insert("node1", "b")
	got := c.tool("node1", exitHealthy, "status", "-o", "json")
	r := decode[report](t, got.stdout)
	if len(r.Servers) != 2 || r.Cluster.Record == nil || r.Cluster.Record.Term != 1 || r.Cluster.Record.Node != "node1" {
		t.Fatalf("status is %s", got.stdout)
	}
	for i, progress := range []string{"3+1", "3+0"} {
		s := r.Servers[i]
		if s.Term != 1 || s.TermID != r.Cluster.Record.TermID || len(s.Lineage) != 36 || s.Progress != progress || s.Current == nil || !*s.Current {
			t.Errorf("%s: %+v, want progress %s of term 1", s.Database, s, progress)
		}
	}
	wantText(t, got.stdout, `"term": 1`, `"term_id": "`, `"lineage": "`, `"progress": "`, `"current": true`, `"record": {`)
	wantText(t, c.tool("node1", exitHealthy, "status", "-o", "wide").stdout, "PROGRESS", "cluster record: term 1 (", "led by node node1")
}

func TestStatusOfAPromotedNodeShowsNorthdThatTheAgentRuns(t *testing.T) {
	c := newTestCluster(t)
	c.parameters = map[string]string{"OCF_RESKEY_manage_northd": "yes", "OCF_RESKEY_crm_feature_set": "3.19.0"}
	c.lead("node1")
	got := c.tool("node1", exitHealthy, "status", "-o", "json")
	n := decode[report](t, got.stdout).Northd
	if n == nil || !n.Managed || n.PID == 0 {
		t.Fatalf("status is %s", got.stdout)
	}
	wantText(t, c.tool("node1", exitHealthy, "status").stdout, fmt.Sprintf("ovn-northd: running (pid %d)\n", n.PID))
	if err := syscall.Kill(n.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	processtest.AwaitEnd(t, n.PID)
	// The tool does not repair it.
	for range 2 {
		wantText(t, c.tool("node1", exitDegraded, "status").stdout, "ovn-northd: not running\n", "problem: ovn-northd was not running")
	}
	c.agent("node1", "monitor", 191)
	c.tool("node1", exitHealthy, "status")
}

// From the first promotion of a node, for which the other one has answered nothing.
func TestStatusShowsTheLastElectionOfThisNode(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	last := decode[report](t, c.tool("node1", exitHealthy, "status", "-o", "json").stdout).LastElection
	if last == nil || !last.Leads || last.Rule == "" || time.Since(last.Held) > time.Hour || len(last.Answers) == 0 || last.Answers[0].Node != "node1" {
		t.Errorf("%+v", last)
	}
	wantText(t, c.tool("node1", exitHealthy, "status", "-v").stdout, "last election of this node, after term -, at ", ": this node was to lead, by the rule ", "  node1:")
	if got := c.tool("node1", exitHealthy, "status"); strings.Contains(got.stdout, "election") {
		t.Errorf("without -v: %s", got.stdout)
	}
}

func TestTextOfAnElectionSaysHowItEndedAndWhoAnsweredWhat(t *testing.T) {
	t.Parallel()
	answers := []control.ElectionAnswer{{Node: "node1", Holds: "OVN_Northbound term 1 beat 3+1"}, {Node: "node2", Unable: "banned\x1b"}}
	for want, e := range map[string]control.LastElection{
		"left to node node1":            {Yielded: "node1"},
		"without the answer of node2":   {Waited: []string{"node2"}},
		"no node could lead, by the ru": {Reason: "the data is older\nthan the term"},
	} {
		e.Term, e.Rule, e.Answers = 1, "members", answers
		var b strings.Builder
		writeElection(&b, e)
		wantText(t, b.String(), "last election of this node, after term 1, at 0001-01-01T00:00:00.000Z: "+want, "  node1:  OVN_Northbound term 1 beat 3+1\n",
			`  node2:  no answer, or not asked; cannot lead: banned\`)
	}
}

func TestStatusSaysWhereTheClusterLeavesTheResourceAlone(t *testing.T) {
	t.Parallel()
	view := pacemaker.View{Instances: []pacemaker.Instance{
		{Resource: "ovndb", Node: "node2", Unmanaged: true},
		{Resource: "ovndb", Node: "node1"},
		{Resource: "ovndb", Node: "node3", Blocked: true},
		{Resource: "other", Node: "node1", Unmanaged: true, Blocked: true},
	}}
	r := report{Resource: "ovndb", Cluster: clusterReport{Nodes: []nodeReport{{Name: "node1", Role: "Promoted"}}}}
	r.addMaintenance(view)
	wantText(t, r.maintenance(), "alone on node2, and none of them takes over", "ovndb-servers resume")
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "crm_resource --cleanup --resource ovndb --node node3") {
		t.Errorf("problems %q", r.Problems)
	}
	view.Instances[1].Unmanaged = true
	r.Cluster.Unmanaged = nil
	r.addMaintenance(view)
	wantText(t, r.maintenance(), "alone on node1, node2, and nothing takes over from the node that leads")
}

func TestStatusOfANodeWithoutNorthdDoesNotMentionIt(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	for _, format := range []string{outputTable, outputJSON} {
		if got := c.tool("node1", exitHealthy, "status", "-o", format); strings.Contains(got.stdout, "northd") {
			t.Errorf("status is %s", got.stdout)
		}
	}
}

func TestStatusOfANodeWhoseDataIsNotCurrentIsNotHealthy(t *testing.T) {
	c := newStaleNode(t)
	c.role("node2", "Promoted") // else the lack of one is a problem as well
	got := c.tool("node1", exitDegraded, "status", "-o", "json")
	r := decode[report](t, got.stdout)
	for _, s := range r.Servers {
		if s.Current == nil || *s.Current || s.Term != 1 {
			t.Errorf("%+v, want term 1, not current", s)
		}
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "has not seen the start of term 2, which node node2 led") || r.Healthy {
		t.Errorf("problems are %q", r.Problems)
	}
}

func TestStatusOfANodeThatWasNeverStartedShowsNoTerm(t *testing.T) {
	c := newTestCluster(t)
	got := c.tool("node1", exitCritical, "status", "-o", "json")
	r := decode[report](t, got.stdout)
	for _, s := range r.Servers {
		if s.Term != 0 || s.TermID != "" || s.Current != nil {
			t.Errorf("%+v, want no term", s)
		}
	}
	wantText(t, c.tool("node1", exitCritical, "status").stdout, "cluster record: none")
}

// From a node that leads the interconnection's databases, as the resource is configured: status is of those
// without being told so, and of OVN's if it is.
func TestStatusIsOfTheDatabasesThatTheResourceRuns(t *testing.T) {
	c := newTestCluster(t)
	c.parameters = map[string]string{"OCF_RESKEY_databases": "ovn-ic"}
	c.configured(map[string]string{"databases": "ovn-ic"})
	c.lead("node1")
	wantText(t, c.tool("node1", exitHealthy, "status").stdout, "OVN_IC_Northbound", "OVN_IC_Southbound")
	got := c.call("node1", "status", "--databases", "ovn")
	wantText(t, got.stdout, "OVN_Northbound")
	if strings.Contains(got.stdout, "OVN_IC_") {
		t.Errorf("status of the other pair is %s", got.stdout)
	}
}
