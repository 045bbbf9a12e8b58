package main

import (
	"fmt"
	"slices"
	"strings"

	"ovndb-servers/pkg/pacemaker"
)

// addMaintenance adds where the cluster leaves the resource alone: on purpose, which is no fault, or as it
// could not stop it.
func (r *report) addMaintenance(view pacemaker.View) {
	for _, i := range view.Instances {
		switch {
		case i.Resource != r.Resource:
		case i.Unmanaged:
			r.Cluster.Unmanaged = append(r.Cluster.Unmanaged, i.Node)
		case i.Blocked:
			r.problem(fmt.Sprintf("the cluster leaves the resource on node %s as it is, as a stop of it has failed; mend what crm_mon -1rf says, then: "+
				"crm_resource --cleanup --resource %s --node %s", i.Node, r.Resource, i.Node))
		}
	}
	slices.Sort(r.Cluster.Unmanaged)
}

// maintenance says what the cluster leaves alone, and what does not happen meanwhile.
func (r *report) maintenance() string {
	nodes := r.Cluster.Unmanaged
	cost := "none of them takes over from a node that leads"
	if slices.ContainsFunc(r.promoted(), func(leader string) bool { return slices.Contains(nodes, leader) }) {
		cost = "nothing takes over from the node that leads"
	}
	return fmt.Sprintf("the cluster leaves the resource alone on %s, and %s; to end that: ovndb-servers resume", strings.Join(nodes, ", "), cost)
}
