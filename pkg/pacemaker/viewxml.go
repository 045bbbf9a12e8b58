package pacemaker

import "strings"

type monDocument struct {
	Nodes     []monNode     `xml:"nodes>node"`
	Resources []monResource `xml:"resources>resource"`
	Clones    []monGroup    `xml:"resources>clone"`
	Groups    []monGroup    `xml:"resources>group"`
}

type monGroup struct {
	Resources []monResource `xml:"resource"`
	Groups    []monGroup    `xml:"group"`
}

type monNode struct {
	Name        string `xml:"name,attr"`
	Online      bool   `xml:"online,attr"`
	Standby     bool   `xml:"standby,attr"`
	Maintenance bool   `xml:"maintenance,attr"`
	Pending     bool   `xml:"pending,attr"`
	Unclean     bool   `xml:"unclean,attr"`
}

type monResource struct {
	ID     string `xml:"id,attr"`
	Agent  string `xml:"resource_agent,attr"`
	Role   string `xml:"role,attr"`
	Failed bool   `xml:"failed,attr"`
	Nodes  []struct {
		Name string `xml:"name,attr"`
	} `xml:"node"`
}

func (d monDocument) resources() []monResource {
	return append(d.Resources, flatten(append(d.Clones, d.Groups...))...)
}

func flatten(groups []monGroup) []monResource {
	var all []monResource
	for _, g := range groups {
		all = append(all, g.Resources...)
		all = append(all, flatten(g.Groups)...)
	}
	return all
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

// instances returns one instance for each node a resource runs on. The name of
// an anonymous clone's instance may carry its number.
func (r monResource) instances() []Instance {
	id, _, _ := strings.Cut(r.ID, ":")
	var all []Instance
	for _, n := range r.Nodes {
		all = append(all, Instance{Resource: id, Role: role(r.Role), Node: n.Name, Failed: r.Failed})
	}
	return all
}
