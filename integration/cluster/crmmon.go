package cluster

import "slices"

// crmStatus is the XML of crm_mon (xml/api/crm_mon-2.x.rng of Pacemaker), of its elements
// and attributes only those that are used here and that all versions from 2.0 to 3.0 share.
//
// It is not read with ovndb-servers/pkg/pacemaker for two reasons. That package keeps only
// the nodes' states and the roles of one agent's instances; the harness has to see the
// coordinator, the quorum, actions under way, blocked instances, failures, attributes and
// the virtual IP, which the agent has no use for. And it is part of the program under
// test: a fault in it must not make the tests see the same wrong cluster as the agent.
type crmStatus struct {
	DC struct {
		Name   string `xml:"name,attr"`
		Quorum bool   `xml:"with_quorum,attr"`
	} `xml:"summary>current_dc"`
	Nodes          []crmNode          `xml:"nodes>node"`
	Clones         []crmClone         `xml:"resources>clone"`
	Resources      []crmResource      `xml:"resources>resource"`
	NodeAttributes []crmNodeAttribute `xml:"node_attributes>node"`
	Failures       []crmFailure       `xml:"failures>failure"`
}

type crmNode struct {
	Name        string `xml:"name,attr"`
	Online      bool   `xml:"online,attr"`
	Standby     bool   `xml:"standby,attr"`
	Maintenance bool   `xml:"maintenance,attr"`
	Unclean     bool   `xml:"unclean,attr"`
	Pending     bool   `xml:"pending,attr"`
}

type crmClone struct {
	ID        string        `xml:"id,attr"`
	Resources []crmResource `xml:"resource"`
}

type crmResource struct {
	ID      string `xml:"id,attr"`
	Role    string `xml:"role,attr"`
	Active  bool   `xml:"active,attr"`
	Blocked bool   `xml:"blocked,attr"`
	Failed  bool   `xml:"failed,attr"`
	Pending string `xml:"pending,attr"`
	Nodes   []struct {
		Name string `xml:"name,attr"`
	} `xml:"node"`
}

type crmNodeAttribute struct {
	Name       string `xml:"name,attr"`
	Attributes []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"attribute"`
}

type crmFailure struct {
	Operation  string `xml:"op_key,attr"`
	Node       string `xml:"node,attr"`
	ExitCode   int    `xml:"exitcode,attr"`
	ExitStatus string `xml:"exitstatus,attr"`
	ExitReason string `xml:"exitreason,attr"`
	Status     string `xml:"status,attr"`
}

// nodes returns the nodes that crm_mon lists.
func (s crmStatus) nodes() []NodeView {
	views := make([]NodeView, 0, len(s.Nodes))
	for _, node := range s.Nodes {
		views = append(views, NodeView(node))
	}
	return views
}

// instances returns the instances of the clone. With more than one node an
// instance is active on each of them.
func (s crmStatus) instances() []Instance {
	var instances []Instance
	for _, clone := range s.Clones {
		if clone.ID != Clone {
			continue
		}
		for _, resource := range clone.Resources {
			for _, node := range resource.Nodes {
				instances = append(instances, Instance{
					Node: node.Name, Role: resource.role(),
					Failed: resource.Failed, Blocked: resource.Blocked,
				})
			}
		}
	}
	return instances
}

// role returns the resource's role as Pacemaker 2.1 and later spell it, or the action
// under way.
func (r crmResource) role() Role {
	if pending := Role(r.Pending); slices.Contains([]Role{Starting, Stopping, Promoting, Demoting}, pending) {
		return pending
	}
	switch r.Role {
	case "Master":
		return Promoted
	case "Slave":
		return Unpromoted
	}
	return Role(r.Role)
}

// failures returns the failed actions.
func (s crmStatus) failures() []Failure {
	failures := make([]Failure, 0, len(s.Failures))
	for _, failure := range s.Failures {
		failures = append(failures, Failure(failure))
	}
	return failures
}

// attributes returns the nodes' attributes.
func (s crmStatus) attributes() map[string]map[string]string {
	attributes := map[string]map[string]string{}
	for _, node := range s.NodeAttributes {
		values := map[string]string{}
		for _, attribute := range node.Attributes {
			values[attribute.Name] = attribute.Value
		}
		attributes[node.Name] = values
	}
	return attributes
}
