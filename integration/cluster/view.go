package cluster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// viewTimeout bounds one question to a node's Pacemaker.
const viewTimeout = 10 * time.Second

// Role is an instance's role, as Pacemaker 2.1 and later spell it.
type Role string

// The roles of an instance. One that is in none of them is [Stopped].
const (
	Promoted   Role = "Promoted"
	Unpromoted Role = "Unpromoted"
	Stopped    Role = "Stopped"
	// Starting and so on are shown while an action is under way.
	Starting  Role = "Starting"
	Stopping  Role = "Stopping"
	Promoting Role = "Promoting"
	Demoting  Role = "Demoting"
)

// View is the cluster as one node's Pacemaker sees it.
type View struct {
	// From is the node that was asked.
	From string
	// DC is the coordinator, empty if there is none.
	DC string
	// Quorum reports whether the asked node's partition has it.
	Quorum bool
	// Nodes, by name.
	Nodes []NodeView
	// Instances of the clone, by node; those that run nowhere are left out.
	Instances []Instance
	// VIPNode is where the virtual IP is; empty if nowhere.
	VIPNode string
	// Failures are the failed actions.
	Failures []Failure
	// Attributes are the nodes' transient attributes: node, name, value.
	Attributes map[string]map[string]string
}

// NodeView is a node as Pacemaker sees it.
type NodeView struct {
	Name                                           string
	Online, Standby, Maintenance, Unclean, Pending bool
}

// Instance is an instance of the clone.
type Instance struct {
	Node            string
	Role            Role
	Failed, Blocked bool
}

// Failure is a failed action.
type Failure struct {
	// Operation is as Pacemaker names it: resource, action and interval.
	Operation, Node string
	// ExitCode, ExitStatus and ExitReason are the agent's; Status is the executor's, as
	// "complete" or "Timed Out".
	ExitCode                       int
	ExitStatus, ExitReason, Status string
}

// Online returns the names of the nodes that are online.
func (v View) Online() []string {
	var names []string
	for _, node := range v.Nodes {
		if node.Online && !node.Pending {
			names = append(names, node.Name)
		}
	}
	return names
}

// In returns the nodes whose instances are in a role.
func (v View) In(role Role) []string {
	var nodes []string
	for _, instance := range v.Instances {
		if instance.Role == role {
			nodes = append(nodes, instance.Node)
		}
	}
	return nodes
}

// Promoted returns the node of the promoted instance; empty if there is none, or
// more than one.
func (v View) Promoted() string {
	if nodes := v.In(Promoted); len(nodes) == 1 {
		return nodes[0]
	}
	return ""
}

// RoleOf returns the role of a node's instance.
func (v View) RoleOf(node string) Role {
	for _, instance := range v.Instances {
		if instance.Node == node {
			return instance.Role
		}
	}
	return Stopped
}

// String returns the view on one line, for failure texts.
func (v View) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "seen from %s: dc %q, quorum %t, online %v", v.From, v.DC, v.Quorum, v.Online())
	for _, instance := range v.Instances {
		fmt.Fprintf(&text, ", %s %s", instance.Node, instance.Role)
		if instance.Failed {
			text.WriteString(" (failed)")
		}
		if instance.Blocked {
			text.WriteString(" (blocked)")
		}
	}
	fmt.Fprintf(&text, ", virtual IP on %q", v.VIPNode)
	for _, failure := range v.Failures {
		fmt.Fprintf(&text, "; failed: %s on %s: %s (%d), %s: %s",
			failure.Operation, failure.Node, failure.ExitStatus, failure.ExitCode, failure.Status, failure.ExitReason)
	}
	return text.String()
}

// View asks the nodes in turn and returns the first view from a partition with
// quorum; if there is none, any.
func (c *Cluster) View(ctx context.Context) (View, error) {
	var fallback *View
	var failures []error
	for _, node := range c.nodes {
		view, err := c.ViewFrom(ctx, node.Name)
		switch {
		case err != nil:
			failures = append(failures, err)
		case view.Quorum && view.DC != "":
			return view, nil
		case fallback == nil:
			fallback = &view
		}
	}
	if fallback != nil {
		return *fallback, nil
	}
	return View{}, fmt.Errorf("no node returns its view: %w", errors.Join(failures...))
}

// lastViews has the last view from each node, and the CIB that it was made of or an earlier one.
type lastViews struct {
	mu     sync.Mutex
	byNode map[string]lastView
}

type lastView struct {
	cib  string
	view View
}

// ViewFrom asks one node. What crm_mon prints follows from the node's CIB, and to print that costs a
// fifth of the processor time: as long as it stays the same, so does the view.
func (c *Cluster) ViewFrom(ctx context.Context, node string) (View, error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	cib, err := c.MustExec(ctx, node, "cibadmin", "--query", "--local")
	if err != nil {
		return View{}, err
	}
	c.views.mu.Lock()
	last := c.views.byNode[node]
	c.views.mu.Unlock()
	if last.cib == cib {
		return last.view, nil
	}
	view, err := c.askView(ctx, node)
	if err != nil {
		return View{}, err
	}
	c.views.mu.Lock()
	defer c.views.mu.Unlock()
	if c.views.byNode == nil {
		c.views.byNode = map[string]lastView{}
	}
	c.views.byNode[node] = lastView{cib: cib, view: view}
	return view, nil
}

// askView asks one node's crm_mon.
func (c *Cluster) askView(ctx context.Context, node string) (View, error) {
	text, err := c.MustExec(ctx, node, "crm_mon", "--one-shot", "--output-as=xml")
	if err != nil {
		return View{}, err
	}
	view, err := parseView([]byte(text))
	if err != nil {
		return View{}, fmt.Errorf("%s: %w", node, err)
	}
	view.From = node
	return view, nil
}

// parseView reads crm_mon's XML.
func parseView(text []byte) (View, error) {
	var status crmStatus
	if err := xml.Unmarshal(text, &status); err != nil {
		return View{}, fmt.Errorf("cannot parse crm_mon's output: %w", err)
	}
	view := View{
		DC:         status.DC.Name,
		Quorum:     status.DC.Quorum,
		Nodes:      status.nodes(),
		Instances:  status.instances(),
		Failures:   status.failures(),
		Attributes: status.attributes(),
	}
	for _, resource := range status.Resources {
		if resource.ID == VIPResource && resource.Active && len(resource.Nodes) == 1 {
			view.VIPNode = resource.Nodes[0].Name
		}
	}
	slices.SortFunc(view.Nodes, func(a, b NodeView) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(view.Instances, func(a, b Instance) int { return strings.Compare(a.Node, b.Node) })
	return view, nil
}
