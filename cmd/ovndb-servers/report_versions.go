package main

import (
	"strings"

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
	agents, servers := map[string]bool{}, map[string]bool{}
	for _, n := range c.Nodes {
		if n.Versions == nil {
			continue
		}
		agents[n.Versions.Agent] = true
		if n.Versions.Server != "" {
			servers[n.Versions.Server] = true
		}
	}
	var differ []string
	if len(agents) > 1 {
		differ = append(differ, "this agent")
	}
	if len(servers) > 1 {
		differ = append(differ, replication.ProgramServer)
	}
	if len(differ) == 0 {
		return ""
	}
	return "the nodes run different versions of " + strings.Join(differ, " and of ") + "; see: ovndb-servers doctor"
}
