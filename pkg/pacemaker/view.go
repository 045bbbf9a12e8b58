package pacemaker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ovndb-servers/pkg/process"
)

// View is the cluster's view of the resources of one agent.
type View struct {
	// Nodes are the cluster's nodes, in its order. Those of Pacemaker Remote are among them if they run
	// an instance, or belong to a bundle that does: a cluster may have many others.
	Nodes []Node
	// Instances are the running instances of the agent's resources.
	Instances []Instance
	// Bundled are the names of the resources that are in a bundle.
	Bundled []string
}

// Node is one node of the cluster.
type Node struct {
	Name   string `json:"name"`
	Online bool   `json:"online"`
	// State is "online", "offline", "standby", "maintenance", "pending" or
	// "unclean".
	State string `json:"state"`
	// FeatureSet is that of the node's Pacemaker, or "<3.15.1"; empty of one that is not online, and where
	// crm_mon does not show it.
	FeatureSet string `json:"feature_set,omitempty"`
}

// Instance is one instance of a resource on a node.
type Instance struct {
	Resource string
	// Role is "Promoted", "Unpromoted", "Started" or "Stopped".
	Role   string
	Node   string
	Failed bool
	// Unmanaged says that the cluster leaves the instance alone: it, its node or the cluster is in
	// maintenance, or is-managed is false. Blocked says that it does so after a stop that failed.
	Unmanaged, Blocked bool
}

// CurrentView asks crm_mon for the view of the OCF agent of a name, whatever the
// provider it is installed as.
func CurrentView(ctx context.Context, agent string) (View, error) {
	text, err := clusterState(ctx, "-1", "--output-as=xml")
	if err != nil {
		return View{}, err
	}
	return ParseView(agent, text)
}

// clusterState returns the output of crm_mon.
func clusterState(ctx context.Context, options ...string) ([]byte, error) {
	out, err := process.Run(ctx, crmMon, options...)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the cluster for its state: %w", err)
	}
	return []byte(out), nil
}

// ParseView reads the XML of crm_mon (xml/api/crm_mon-2.x.rng of Pacemaker; of
// its attributes only those that all versions from 2.0 to 3.0 share) and keeps
// the instances of the agent. Text that is not XML is ErrUnreadable.
func ParseView(agent string, text []byte) (View, error) {
	doc, err := parseMon(text)
	if err != nil {
		return View{}, err
	}
	var v View
	for _, r := range doc.resources() {
		if isAgent(r.Agent, agent) {
			v.Instances = append(v.Instances, doc.instances(r)...)
		}
	}
	v.Bundled = doc.bundled(agent)
	for _, n := range doc.Nodes {
		if n.Type != remoteType || v.runsOn(n.Name) || doc.belongs(n, v.Bundled) {
			v.Nodes = append(v.Nodes, n.node())
		}
	}
	return v, nil
}

// Resources returns the names of the resources in the view, sorted.
func (v View) Resources() []string {
	var names []string
	for _, i := range v.Instances {
		names = append(names, i.Resource)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Role returns the role of a resource's instance on a node, "Stopped" if it has
// none there.
func (v View) Role(resource, node string) string {
	for _, i := range v.Instances {
		if i.Resource == resource && i.Node == node {
			return i.Role
		}
	}
	return "Stopped"
}

func (v View) runsOn(node string) bool {
	return slices.ContainsFunc(v.Instances, func(i Instance) bool { return i.Node == node })
}

// isAgent reports whether "ocf:PROVIDER:NAME", or "ocf::PROVIDER:NAME" as Pacemaker
// 2.0 spells it, is the agent of a name.
func isAgent(spelled, name string) bool {
	return strings.HasPrefix(spelled, "ocf:") && strings.HasSuffix(spelled, ":"+name)
}

// role turns the role names of Pacemaker 2.0 into today's.
func role(name string) string {
	switch name {
	case "Master":
		return "Promoted"
	case "Slave":
		return "Unpromoted"
	default:
		return name
	}
}
