package pacemaker

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// monDocument holds the elements of crm_mon's XML that are read.
type monDocument struct {
	DC struct {
		Quorum string `xml:"with_quorum,attr"`
	} `xml:"summary>current_dc"`
	Nodes     []monNode     `xml:"nodes>node"`
	Resources []monResource `xml:"resources>resource"`
	Clones    []monGroup    `xml:"resources>clone"`
	Groups    []monGroup    `xml:"resources>group"`
	Bundles   []monGroup    `xml:"resources>bundle"`
	History   []monHistory  `xml:"node_history>node"`
	Failures  []monFailure  `xml:"failures>failure"`
	Bans      []monBan      `xml:"bans>ban"`
}

type monGroup struct {
	ID        string        `xml:"id,attr"`
	Resources []monResource `xml:"resource"`
	Groups    []monGroup    `xml:"group"`
	Replicas  []monReplica  `xml:"replica"`
}

// monReplica is one container of a bundle: its address, its container, the connection to the
// Pacemaker Remote in that, which has the name of the node, and the bundle's own resource.
type monReplica struct {
	Resources []monResource `xml:"resource"`
}

// monHistory is the history of a node. Without failures there is no fail count.
type monHistory struct {
	Name      string `xml:"name,attr"`
	Resources []struct {
		ID        string `xml:"id,attr"`
		FailCount string `xml:"fail-count,attr"`
		Threshold string `xml:"migration-threshold,attr"`
	} `xml:"resource_history"`
}

type monFailure struct {
	Key    string `xml:"op_key,attr"`
	Node   string `xml:"node,attr"`
	Task   string `xml:"task,attr"`
	Reason string `xml:"exitreason,attr"`
}

// monBan is a constraint that keeps a resource, or its promoted role alone, away from a node.
type monBan struct {
	ID       string `xml:"id,attr"`
	Resource string `xml:"resource,attr"`
	Node     string `xml:"node,attr"`
	Weight   string `xml:"weight,attr"`
}

type monNode struct {
	Name string `xml:"name,attr"`
	// Type is "remote" for all nodes of Pacemaker Remote. Container is the resource in which one of
	// them runs, "" for a machine of its own.
	Type      string `xml:"type,attr"`
	Container string `xml:"id_as_resource,attr"`
	Online    bool   `xml:"online,attr"`
	Standby   bool   `xml:"standby,attr"`
	// StandbyOnFail is set after the failure of an operation with on-fail=standby.
	StandbyOnFail bool `xml:"standby_onfail,attr"`
	Maintenance   bool `xml:"maintenance,attr"`
	Pending       bool `xml:"pending,attr"`
	Unclean       bool `xml:"unclean,attr"`
	// FeatureSet is that of its Pacemaker, "<3.15.1" of one that does not say.
	FeatureSet string `xml:"feature_set,attr"`
}

type monResource struct {
	ID     string `xml:"id,attr"`
	Agent  string `xml:"resource_agent,attr"`
	Role   string `xml:"role,attr"`
	Failed bool   `xml:"failed,attr"`
	// Blocked is set after a failed stop, where nothing can be fenced.
	Blocked bool `xml:"blocked,attr"`
	// Managed is empty where a version does not print it.
	Managed string `xml:"managed,attr"`
	Nodes   []struct {
		Name string `xml:"name,attr"`
	} `xml:"node"`
}

func parseMon(text []byte) (monDocument, error) {
	var doc monDocument
	if err := xml.Unmarshal(text, &doc); err != nil {
		return monDocument{}, fmt.Errorf("%w: crm_mon: %w", ErrUnreadable, err)
	}
	return doc, nil
}

func (d monDocument) resources() []monResource {
	return append(d.Resources, flatten(d.groups())...)
}

// groups returns all that resources are in.
func (d monDocument) groups() []monGroup { return slices.Concat(d.Clones, d.Groups, d.Bundles) }

func flatten(groups []monGroup) []monResource {
	var all []monResource
	for _, g := range groups {
		all = append(all, g.Resources...)
		for _, replica := range g.Replicas {
			all = append(all, replica.Resources...)
		}
		all = append(all, flatten(g.Groups)...)
	}
	return all
}

// holders returns the names of a resource and of the clones and groups that it is in.
func (d monDocument) holders(resource string) []string {
	names := []string{resource}
	for _, g := range d.groups() {
		names = append(names, g.holders(resource)...)
	}
	return names
}

func (g monGroup) holders(resource string) []string {
	var names []string
	for _, inner := range g.Groups {
		names = append(names, inner.holders(resource)...)
	}
	holds := func(r monResource) bool { return r.name() == resource }
	replicated := func(r monReplica) bool { return slices.ContainsFunc(r.Resources, holds) }
	if len(names) > 0 || slices.ContainsFunc(g.Resources, holds) || slices.ContainsFunc(g.Replicas, replicated) {
		names = append(names, baseName(g.ID))
	}
	return names
}

func (n monNode) node() Node {
	node := Node{Name: n.Name, Online: n.Online, State: n.state()}
	if n.Online {
		node.FeatureSet = n.FeatureSet
	}
	return node
}

func (n monNode) state() string {
	switch {
	case n.Unclean:
		return "unclean"
	case n.Pending:
		return "pending"
	case !n.Online:
		return "offline"
	case n.Maintenance:
		return "maintenance"
	case n.Standby:
		return "standby"
	default:
		return "online"
	}
}

// name is the resource's name without the number of an instance.
func (r monResource) name() string { return baseName(r.ID) }

// baseName returns a name without the instance number that an anonymous clone's may carry.
func baseName(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}

func (r monResource) runsOn(node string) bool {
	return slices.ContainsFunc(r.instances(), func(i Instance) bool { return i.Node == node })
}

// instances returns those of a resource. Not all versions show a node's maintenance with them.
func (d monDocument) instances(r monResource) []Instance {
	all := r.instances()
	for i := range all {
		all[i].Unmanaged = all[i].Unmanaged || slices.ContainsFunc(d.Nodes, func(n monNode) bool { return n.Name == all[i].Node && n.Maintenance })
	}
	return all
}

// instances returns one instance for each node a resource runs on.
func (r monResource) instances() []Instance {
	var all []Instance
	for _, n := range r.Nodes {
		all = append(all, Instance{
			Resource: r.name(), Role: role(r.Role), Node: n.Name, Failed: r.Failed,
			Unmanaged: r.Managed == "false" && !r.Blocked, Blocked: r.Blocked,
		})
	}
	return all
}
