package cluster

// crmStatus is what crm_mon prints as XML, as far as it is used here. It is the
// same from Pacemaker 2.0 to 3.0.
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
	Managed bool   `xml:"managed,attr"`
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
					Failed: resource.Failed, Blocked: resource.Blocked, Managed: resource.Managed,
				})
			}
		}
	}
	return instances
}

// role returns the resource's role, or the one it is on the way to, in today's
// words.
func (r crmResource) role() Role {
	switch r.Pending {
	case "Starting", "Stopping", "Promoting", "Demoting":
		return Role(r.Pending)
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
