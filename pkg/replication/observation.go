package replication

import "slices"

// Condition is the state of one server, as far as this node can tell.
type Condition string

// The conditions of a server.
const (
	// ConditionAbsent means that no process holds the server's database file.
	ConditionAbsent Condition = "absent"
	// ConditionFailed means that a process is there but stopped, or idle and mute.
	ConditionFailed Condition = "failed"
	// ConditionBusy means that it does not answer because it is working.
	ConditionBusy Condition = "busy"
	// ConditionActive means that it answers and accepts writes.
	ConditionActive Condition = "active"
	// ConditionBackup means that it answers and is read-only.
	ConditionBackup Condition = "backup"
)

// Conditions returns all conditions.
func Conditions() []Condition {
	return []Condition{ConditionActive, ConditionBackup, ConditionBusy, ConditionFailed, ConditionAbsent}
}

// Link is the state of a backup's session with its source, as sync-status prints it.
type Link string

// The links of a backup. After the source has gone, "replicating" is printed on.
const (
	// LinkReplicating means that the backup has copied the source.
	LinkReplicating Link = "replicating"
	// LinkConnecting means that it has not.
	LinkConnecting Link = "connecting"
)

// ServerState is one server at one moment.
type ServerState struct {
	// Database is the name of the database the server serves.
	Database string
	// PID is the server's process, 0 if absent.
	PID int
	// Condition is the state of the server.
	Condition Condition
	// Foreign says who else started the server, empty if the resource did. Such a server is
	// reported and left as it is.
	Foreign string
	// Elsewhere says that another program than this agent has started the server, and that the data
	// here has seen no term. It is not set where nothing follows from that.
	Elsewhere bool
	// Link and Source are a backup's session, as sync-status prints them.
	Link   Link
	Source string
	// Deaf says that the process is there but has no control socket, as at its start.
	Deaf bool
	// Reason says why the condition is failed or busy.
	Reason string
}

// Observation is all that a decision about this node's servers starts from.
type Observation struct {
	// Servers has one entry for each database of the resource.
	Servers []ServerState
	// Own is the term that this node leads, by its own state; nil if it leads none.
	Own *OwnTerm
	// Term is the judgement of the cluster record on that.
	Term TermState
	// ExpectPromoted says that Pacemaker believes this instance to be promoted.
	ExpectPromoted bool
	// SteppedBack says that this node led a term until a moment ago, and has made itself read-only.
	SteppedBack bool
	// OtherAgent says that another agent of the resource, one that keeps no terms, has promoted this
	// instance: Pacemaker has it promoted, servers are active that the other agent has started, and
	// no node has published that it leads.
	OtherAgent bool
	// TakeOverWaits is why the take-over of such an instance cannot be decided yet: it serves on.
	TakeOverWaits string
	// Probe says that the resource is only looked for: nothing is repaired.
	Probe bool
	// Unmanaged says that the cluster does not manage the resource on this node, as in maintenance. It is
	// asked for only where the servers may be none of the resource's.
	Unmanaged bool
	// Acting says that an action is under way on this node, which puts servers right itself.
	Acting bool
	// Promoting says that the promotion is under way that began the term which this node leads.
	Promoting bool
	// Restart says that the supervisor is restarting a server in place.
	Restart bool
	// Leader is the node that is promoted, as far as the cluster has said.
	Leader Leader
	// Barred is why this node's data must not lead, see [Record.Bars]; empty if it may, or if it
	// is not known. NoLeader is why the last election ended without one.
	Barred, NoLeader string
	// Northd is the ovn-northd beside the servers.
	Northd Northd
}

// Promoted reports whether this node was promoted and not demoted since.
func (o Observation) Promoted() bool { return o.Own != nil }

// state returns the state of the node's own term; none if it leads none.
func (o Observation) state() TermState {
	if o.Own == nil {
		return ""
	}
	return o.Term
}

// In returns the servers in condition c.
func (o Observation) In(c Condition) []ServerState {
	var in []ServerState
	for _, s := range o.Servers {
		if s.Condition == c {
			in = append(in, s)
		}
	}
	return in
}

// All reports whether every server is in condition c.
func (o Observation) All(c Condition) bool {
	return len(o.In(c)) == len(o.Servers)
}

// foreign reports whether a server was started by somebody else.
func (o Observation) foreign() bool {
	return slices.ContainsFunc(o.Servers, func(s ServerState) bool { return s.Foreign != "" && s.Condition != ConditionAbsent })
}

// LeftAlone reports whether the servers are none of the resource's and left as they are: the cluster
// does not manage it on this node, which leads no term and is not promoted, and another manager or
// program has started one of them. They may be an operator's, of another cluster.
func (o Observation) LeftAlone() bool {
	return o.Unmanaged && !o.Promoted() && !o.ExpectPromoted &&
		(o.foreign() || slices.ContainsFunc(o.Servers, func(s ServerState) bool { return s.Elsewhere }))
}

// StoppedReason is the reason of a server or ovn-northd that a signal has stopped.
const StoppedReason = "its process is stopped by a signal or a debugger"

// AllActive reports whether every server is active on a node that was promoted.
func (o Observation) AllActive() bool { return o.All(ConditionActive) && o.Promoted() }

// HoldsTerm reports whether the servers are active and hold the term of the cluster record.
func (o Observation) HoldsTerm() bool { return o.AllActive() && o.Term == TermHeld }

// Failed returns the databases whose server is there but does not work, though it has
// nothing to do.
func (o Observation) Failed() []string {
	var databases []string
	for _, s := range o.In(ConditionFailed) {
		databases = append(databases, s.Database)
	}
	return databases
}

// Broken reports whether a server is missing or does not work.
func (o Observation) Broken() bool {
	return len(o.In(ConditionFailed))+len(o.In(ConditionAbsent)) > 0
}

// Restarting reports whether a server is absent, or has no control socket yet.
func (o Observation) Restarting() bool {
	return slices.ContainsFunc(o.Servers, func(s ServerState) bool { return s.Condition == ConditionAbsent || s.Deaf })
}
