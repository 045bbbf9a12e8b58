package control

import (
	"path/filepath"
	"strings"
)

// Identity is by which names the cluster knows this node.
type Identity struct {
	// Name is the node's name in the cluster: those of the notify sets, and of the record. "" if it is
	// not known.
	Name string
	// Remote says that the node runs Pacemaker Remote in place of a cluster stack: a remote node, a
	// guest node, or a bundle's container.
	Remote bool
	// Host is the node that runs this one's container, if Pacemaker looks for the attributes of the
	// resource there (container-attribute-target=host); else "".
	Host string
}

// The variables in which Pacemaker passes an identity (add_node_details and
// pcmk__add_guest_meta_to_xml in Pacemaker's scheduler). The UUID of a node of Corosync is its
// number there, that of any other node is its name.
const (
	NodeVariable     = ActionVariables + "on_node"
	NodeUUIDVariable = ActionVariables + "on_node_uuid"
	TargetVariable   = ActionVariables + "container_attribute_target"
	HostVariable     = ActionVariables + "physical_host"

	// HostTarget is the value of TargetVariable that makes HostVariable count.
	HostTarget = "host"
)

// ParseIdentity reads the variables of an action.
func ParseIdentity(getenv func(string) string) Identity {
	read := func(name string) string { return strings.TrimSpace(getenv(name)) }
	i := Identity{Name: read(NodeVariable)}
	i.Remote = i.Name != "" && read(NodeUUIDVariable) == i.Name
	if strings.EqualFold(read(TargetVariable), HostTarget) {
		i.Host = read(HostVariable)
	}
	return i
}

// variables returns the text that ParseIdentity reads, as NAME=value.
func (i Identity) variables() []string {
	all := []string{NodeVariable + "=" + i.Name}
	if i.Remote {
		all = append(all, NodeUUIDVariable+"="+i.Name)
	}
	if i.Host != "" {
		all = append(all, TargetVariable+"="+HostTarget, HostVariable+"="+i.Host)
	}
	return all
}

// IdentityIn returns this node's identity as the last action of the resource whose state is in a run
// directory had it; without a name if that is not known. On a node of Pacemaker Remote, Pacemaker's
// tools cannot always tell the name, and never the host.
func IdentityIn(runDir string) Identity {
	text := note{path: filepath.Join(runDir, stateIdentity)}.read()
	return ParseIdentity(func(name string) string {
		for word := range strings.FieldsSeq(text) {
			if value, found := strings.CutPrefix(word, name+"="); found {
				return value
			}
		}
		return ""
	})
}

// keepIdentity keeps this node's identity for the commands of the tool.
func (c *Controller) keepIdentity() {
	kept := note{path: c.runFile(stateIdentity)}
	c.warn(kept.write(strings.Join(c.Identity().variables(), "\n")), "the tool's commands may take this node for another one")
}

// Identity returns by which names the cluster knows this node.
func (c *Controller) Identity() Identity {
	return Identity{Name: c.Node, Remote: c.Remote, Host: c.AttributeHost}
}
