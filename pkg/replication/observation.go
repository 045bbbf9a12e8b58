package replication

import "ovndb-servers/pkg/ovsdbctl"

// Condition is what one server is doing, as far as this node can tell.
type Condition string

// The conditions of a server.
const (
	// ConditionAbsent means that no process holds the server's pidfile.
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

// TermState is what the cluster record makes of a node's data.
type TermState string

// The term states. The zero value stands for a record that could not be read,
// from which nothing follows.
const (
	// TermHeld means that the record names this data's term.
	TermHeld TermState = "held"
	// TermUnrecorded means that a promotion was begun and never recorded.
	TermUnrecorded TermState = "unrecorded"
	// TermOver means that another node has led since.
	TermOver TermState = "over"
)

// ServerState is one server at one moment.
type ServerState struct {
	// Database is the name of the database the server serves.
	Database string
	// PID is the server's process, 0 if absent.
	PID int
	// Condition is what the server is doing.
	Condition Condition
	// Marker is the term marker in the database, if it was read.
	Marker *Marker
	// Link and Source are a backup's session, as sync-status prints them.
	Link   ovsdbctl.Link
	Source string
	// Reason says why the condition is failed or busy, or what else is odd.
	Reason string
}

// Observation is all that a decision about this node's servers starts from.
type Observation struct {
	// Servers has one entry for each database of the resource.
	Servers []ServerState
	// Promoted says that this node was promoted and not demoted since.
	Promoted bool
	// ExpectPromoted says that Pacemaker believes this instance to be promoted.
	ExpectPromoted bool
	// Term is what the cluster record makes of this node's data.
	Term TermState
	// Leader is the node that is promoted, as far as the cluster has said.
	Leader Leader
	// Northd is the ovn-northd beside the servers.
	Northd Northd
}

func (o Observation) in(c Condition) []ServerState {
	var in []ServerState
	for _, s := range o.Servers {
		if s.Condition == c {
			in = append(in, s)
		}
	}
	return in
}

// term returns the latest term the databases were marked with.
func (o Observation) term() uint64 {
	var term uint64
	for _, s := range o.Servers {
		if s.Marker != nil {
			term = max(term, s.Marker.Term)
		}
	}
	return term
}

func (o Observation) all(c Condition) bool {
	return len(o.in(c)) == len(o.Servers)
}
