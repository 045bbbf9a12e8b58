package ocf

import (
	"slices"
	"strings"
)

// Notify are the sets Pacemaker tells the instances of a clone with notify=true: in the environment of notify, and, without Type and
// Operation, of start, stop, promote and demote. Each is a list of node names.
//
// The sets are the same through a whole transition: the state when it was computed, and what it is going to do. PromotedAfter,
// PromotedNow and ActiveAtPromote work out what they mean at a point of it.
//
// They are not evidence of what a node really is. After a promote that failed Pacemaker must assume the role was reached, so
// the next transition names that node as Promoted although its databases never left the backup role
// (lib/pengine/unpack.c). Ask the databases.
//
// Source: agents.rst, "Clone Notifications", and lib/pengine/pe_notif.c in Pacemaker's tree.
type Notify struct {
	// Type is "pre" or "post", Operation "start", "stop", "promote" or "demote"; "" outside a notify action.
	Type, Operation string
	// Promoted and Unpromoted had these roles when the transition began; Active had either.
	Promoted, Unpromoted, Active []string
	// Promote, Demote, Start and Stop are what the transition does.
	Promote, Demote, Start, Stop []string
	// Available are the nodes the clone may run on, All the nodes of the cluster.
	Available, All []string
	// AllHosts are the hosts of the nodes in All, in the same order: only with container-attribute-target=host.
	AllHosts []string
	// Enabled says whether there were any sets: they are missing in a clone with notify=false and in actions that get none.
	Enabled bool
}

const notifyPrefix = "OCF_RESKEY_CRM_meta_notify_"

// parseNotify reads the sets. Up to Pacemaker 2.0 the roles are called master and slave, since 2.1 promoted and unpromoted, and
// the old names are there too. An empty set is one blank, so only "" means that a name is not in use.
func parseNotify(getenv func(string) string) Notify {
	n := Notify{
		Type:      strings.TrimSpace(getenv(notifyPrefix + "type")),
		Operation: strings.TrimSpace(getenv(notifyPrefix + "operation")),
	}
	set := func(names ...string) []string {
		for _, name := range names {
			if value := getenv(notifyPrefix + name); value != "" {
				n.Enabled = true
				return nodeNames(value)
			}
		}
		return nil
	}
	n.Promoted = set("promoted_uname", "master_uname")
	n.Unpromoted = set("unpromoted_uname", "slave_uname")
	n.Active = set("active_uname")
	n.Promote = set("promote_uname")
	n.Demote = set("demote_uname")
	n.Start = set("start_uname")
	n.Stop = set("stop_uname")
	n.Available = set("available_uname")
	n.All = set("all_uname")
	n.AllHosts = set("all_hosts")
	return n
}

// nodeNames splits a list; nil if it is blank.
func nodeNames(list string) []string {
	names := strings.Fields(list)
	if len(names) == 0 {
		return nil
	}
	return names
}

// Event is what is announced, such as "post-promote"; "" outside a notify action.
func (n Notify) Event() string {
	if n.Type == "" || n.Operation == "" {
		return ""
	}
	return n.Type + "-" + n.Operation
}

// PromotedAfter returns the nodes that are Promoted at the announced event, by the algebra of agents.rst: before a demotion those that
// were; from there on these less the demoted; after the promotion, with the promoted. Nodes that stop are taken off
// too once they have, since a node that is fenced never demotes.
//
// The word of caution at Notify applies: a promote that failed makes its node count as Promoted. Outside a notify action the answer is that of PromotedNow.
func (n Notify) PromotedAfter() []string {
	switch n.Event() {
	case "pre-demote":
		return without(n.Promoted)
	case "post-demote", "pre-stop":
		return without(n.Promoted, n.Demote)
	case "post-promote":
		return with(n.PromotedNow(), n.Promote)
	}
	return n.PromotedNow()
}

// PromotedNow returns the nodes that are Promoted while start and promote run: those that were, less the demoted and
// the stopped, since demotions and stops come first. A start looks there for the node to replicate from.
func (n Notify) PromotedNow() []string {
	return without(n.Promoted, n.Demote, n.Stop)
}

// ActiveAtPromote returns the nodes that run the resource when promote and its notifications come: those that did, less the
// stopped, with the started. They are who has a say in an election.
func (n Notify) ActiveAtPromote() []string {
	return with(without(n.Active, n.Stop), n.Start)
}

// without returns the names of a set that are in none of the others, in their order and each once; nil if none is left.
func without(set []string, others ...[]string) []string {
	var left []string
	for _, name := range set {
		named := func(other []string) bool { return slices.Contains(other, name) }
		if !slices.ContainsFunc(others, named) && !slices.Contains(left, name) {
			left = append(left, name)
		}
	}
	return left
}

// with returns the union of two sets, each name once; nil if both are empty.
func with(set, more []string) []string {
	return without(slices.Concat(set, more))
}
