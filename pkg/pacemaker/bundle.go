package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// remoteType is the type of the nodes of Pacemaker Remote in crm_mon's XML.
const remoteType = "remote"

// errNoHost is returned for a node of a bundle whose container runs nowhere.
var errNoHost = errors.New("its container runs on no node; see: crm_mon -1")

// hosts returns the node that runs the container of each node of the resource's bundle; none if it is
// in no bundle.
func (r Resource) hosts(ctx context.Context) (map[string]string, error) {
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml", "--inactive")
	if err != nil {
		return nil, err
	}
	doc, err := parseMon(text)
	if err != nil {
		return nil, err
	}
	return doc.hosts(r.Instance), nil
}

// hosts returns the host of each node of the bundle that a resource is in.
func (d monDocument) hosts(resource string) map[string]string {
	found := map[string]string{}
	for _, replica := range d.replicas(resource) {
		for _, n := range d.Nodes {
			i := slices.IndexFunc(replica.Resources, func(r monResource) bool { return r.ID == n.Container })
			if n.Container != "" && i >= 0 && len(replica.Resources[i].Nodes) > 0 {
				found[n.Name] = replica.Resources[i].Nodes[0].Name
			}
		}
	}
	return found
}

// replicas returns the containers of the bundle that a resource is in.
func (d monDocument) replicas(resource string) (all []monReplica) {
	for _, b := range d.Bundles {
		for _, replica := range b.Replicas {
			if slices.ContainsFunc(replica.Resources, func(r monResource) bool { return r.name() == resource }) {
				all = append(all, replica)
			}
		}
	}
	return all
}

// holderOfScore returns the node that has another node's promotion score.
func (r Resource) holderOfScore(ctx context.Context, node string) (string, error) {
	if r.Node.Host == "" {
		return node, nil
	}
	hosts, err := r.hosts(ctx)
	if err == nil && hosts[node] == "" {
		err = errNoHost
	}
	if err != nil {
		return "", fmt.Errorf("cannot find the host of node %s, which has its promotion score: %w", node, err)
	}
	return hosts[node], nil
}

// byGuest returns values with those of hosts given to the nodes that run on them and have none.
func byGuest(values, hosts map[string]string) map[string]string {
	given := maps.Clone(values)
	for guest, host := range hosts {
		if values[guest] == "" && values[host] != "" {
			given[guest] = values[host]
			delete(given, host)
		}
	}
	return given
}

// bundled returns the names of the agent's resources that are in a bundle.
func (d monDocument) bundled(agent string) (names []string) {
	for _, r := range flatten(d.Bundles) {
		if isAgent(r.Agent, agent) {
			names = append(names, r.name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// belongs reports whether a node is one of the bundle of a resource.
func (d monDocument) belongs(n monNode, resources []string) bool {
	runsIn := func(replica monReplica) bool {
		return slices.ContainsFunc(replica.Resources, func(r monResource) bool { return n.Container != "" && r.ID == n.Container })
	}
	return slices.ContainsFunc(resources, func(resource string) bool { return slices.ContainsFunc(d.replicas(resource), runsIn) })
}
