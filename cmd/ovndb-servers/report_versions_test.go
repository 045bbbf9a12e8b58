package main

import (
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestStatusSaysOfWhichProgramsTheVersionsDiffer(t *testing.T) {
	t.Parallel()
	const agent, server = replication.ProgramAgent, replication.ProgramServer
	for name, tt := range map[string]struct {
		published map[string]replication.Versions
		want      string
	}{
		"nothing is published":               {nil, ""},
		"all are the same":                   {map[string]replication.Versions{"n1": {agent: "v1", server: "3.5.0"}, "n2": {agent: "v1", server: "3.5.0"}}, ""},
		"all are of an earlier version":      {map[string]replication.Versions{"n1": {}, "n2": {}}, ""},
		"one server has not answered":        {map[string]replication.Versions{"n1": {agent: "v1", server: "3.5.0"}, "n2": {agent: "v1"}}, ""},
		"one agent is of an earlier version": {map[string]replication.Versions{"n1": {agent: "v1"}, "n2": {}}, "this agent"},
		"both differ": {
			map[string]replication.Versions{"n1": {agent: "v1", server: "3.1.0"}, "n2": {agent: "v2", server: "3.5.0"}}, "this agent and of ovsdb-server",
		},
	} {
		r := report{Cluster: clusterReport{Nodes: []nodeReport{{Name: "n1"}, {Name: "n2"}, {Name: "n3"}}}}
		r.addVersions(tt.published)
		want := tt.want
		if want != "" {
			want = "the nodes run different versions of " + want + "; see: ovndb-servers doctor"
		}
		if got := r.Cluster.differingVersions(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// From a supervised node, and one of an earlier version of this agent: what the supervisor has published is shown, and
// doctor names the nodes.
func TestVersionsThatNodesRunAreShownAndCompared(t *testing.T) {
	s := newSupervised(t)
	s.configure()
	s.becomes("the versions to be published", func() bool {
		v := replication.ParseVersions(s.value("ovndb-schemas-ovndb", "node1"))
		return v[replication.ProgramAgent] == version() && v[replication.ProgramServer] != ""
	})
	write(t, filepath.Join(s.values, "ovndb-schemas-ovndb", "node2"), "OVN_Northbound=0.0.1 other", 0o644)
	r := decode[report](t, s.call("node1", "status", "-o", "json").stdout)
	if v := r.Cluster.Nodes[0].Versions; v == nil || v.Agent != version() || v.Server == "" {
		t.Errorf("node1 runs %+v", v)
	}
	if v := r.Cluster.Nodes[1].Versions; v == nil || *v != (versionsReport{}) {
		t.Errorf("node2 runs %+v", v)
	}
	wantText(t, s.call("node1", "status", "-v").stdout, "\nversions: the nodes run different versions of this agent; see: ovndb-servers doctor\n")
	wantText(t, s.call("node1", "doctor").stdout, "advice: versions: the nodes run different versions of this agent (an earlier one on node2; "+version()+" on node1)")
}
