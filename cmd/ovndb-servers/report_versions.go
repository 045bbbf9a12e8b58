package main

import (
	"strings"

	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/replication"
)

// versionsReport is what runs on a node, as it has published it.
type versionsReport struct {
	// Agent is that of its supervisor; empty if that is of an earlier one, which publishes none.
	Agent string `json:"agent,omitempty"`
	// Server is that of its servers, empty before they have answered; two different ones have a comma between.
	Server string `json:"ovsdb_server,omitempty"`
}

// addVersions adds the versions that the nodes have published.
func (r *report) addVersions(published map[string]replication.Versions) {
	for i := range r.Cluster.Nodes {
		n := &r.Cluster.Nodes[i]
		if v, found := published[n.Name]; found {
			n.Versions = &versionsReport{Agent: v[replication.ProgramAgent], Server: v[replication.ProgramServer]}
		}
	}
}

// differingVersions says of which programs the nodes run different versions, empty if of none.
func (c clusterReport) differingVersions() string {
	published := map[string]replication.Versions{}
	for _, n := range c.Nodes {
		if n.Versions != nil {
			published[n.Name] = replication.Versions{replication.ProgramAgent: n.Versions.Agent, replication.ProgramServer: n.Versions.Server}
		}
	}
	differ := doctor.Versions{Nodes: published}.Differing()
	if len(differ) == 0 {
		return ""
	}
	if differ[0] == replication.ProgramAgent {
		differ[0] = "this agent"
	}
	return "the nodes run different versions of " + strings.Join(differ, " and of ") + "; see: ovndb-servers doctor"
}
