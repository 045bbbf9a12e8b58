package ocf

import (
	"slices"
	"strings"
)

// Notify are the sets that Pacemaker passes to the instances of a clone with notify=true: in the
// environment of notify, and, without Type and Operation, of start, stop, promote and demote. Each
// is a list of node names.
//
// The sets are the same through a whole transition: the state when it was computed, and the actions
// it consists of. [Notify.ActiveAtPromote] derives a later state.
//
// Source: agents.rst, "Clone Notifications", and lib/pengine/pe_notif.c in Pacemaker's tree.
type Notify struct {
	// Type is "pre" or "post", Operation "start", "stop", "promote" or "demote"; "" outside a
	// notify action.
	Type, Operation string
	// Active are the nodes that ran the resource when the transition began.
	Active []string
	// Promote, Demote, Start and Stop are the nodes of the transition's actions of that name.
	Promote, Demote, Start, Stop []string
	// Available are the nodes the clone may run on.
	Available []string
	// Enabled reports whether there were any sets: they are missing in a clone with notify=false
	// and in actions that get none.
	Enabled bool
}

// The events in which a node has a part.
const (
	prePromote  = "pre-promote"
	postPromote = "post-promote"
	preDemote   = "pre-demote"
	postDemote  = "post-demote"
	postStart   = "post-start"
	postStop    = "post-stop"
)

// postPhase is the type of the events that come after an action.
const postPhase = "post"

// parseNotify reads the sets. An empty set is one blank, so only "" means that Pacemaker has not
// set the variable.
func parseNotify(getenv func(string) string) Notify {
	n := Notify{
		Type:      strings.TrimSpace(getenv(notifyPrefix + "type")),
		Operation: strings.TrimSpace(getenv(notifyPrefix + "operation")),
	}
	set := func(name string) []string {
		value := getenv(notifyPrefix + name)
		n.Enabled = n.Enabled || value != ""
		return nodeNames(value)
	}
	n.Active = set("active_uname")
	n.Promote = set("promote_uname")
	n.Demote = set("demote_uname")
	n.Start = set("start_uname")
	n.Stop = set("stop_uname")
	n.Available = set("available_uname")
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

// Event is the announced event, such as "post-promote"; "" outside a notify action.
func (n Notify) Event() string {
	if n.Type == "" || n.Operation == "" {
		return ""
	}
	return n.Type + "-" + n.Operation
}

// ActiveAtPromote returns the nodes that run the resource when promote and its notifications come:
// the active ones, less the stopped, with the started. They take part in an election.
func (n Notify) ActiveAtPromote() []string {
	return without(slices.Concat(without(n.Active, n.Stop), n.Start), nil)
}

// without returns the names of a set that are not in the other, in their order and each once; nil
// if none is left.
func without(set, other []string) []string {
	var left []string
	for _, name := range set {
		if !slices.Contains(other, name) && !slices.Contains(left, name) {
			left = append(left, name)
		}
	}
	return left
}
