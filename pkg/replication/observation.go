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

// ServerState is one server at one moment.
type ServerState struct {
	// Database is the name of the database the server serves.
	Database string
	// PID is the server's process, 0 if absent.
	PID int
	// Condition is what the server is doing.
	Condition Condition
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
	// Leader is the node that is promoted, as far as the cluster has said.
	Leader Leader
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

func (o Observation) all(c Condition) bool {
	return len(o.in(c)) == len(o.Servers)
}
