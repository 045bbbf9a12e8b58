package replication

// State is the role of a node's instance for those who read and write rows, in one word for people
// and dashboards. No decision depends on it.
type State string

// The states. The set is closed: a node that runs has one of them, a stopped one has none.
const (
	// StateActive means that clients can write here.
	StateActive State = "ACTIVE"
	// StateNoWrites means that the node is promoted and clients cannot write: a server is down or
	// busy, the disk takes no writes, or the listeners are closed.
	StateNoWrites State = "NO-WRITES"
	// StateFresh means that the node is a backup and has all rows of the active.
	StateFresh State = "BACKUP:fresh"
	// StateStale means that it is a backup that is behind the active, or does not follow it.
	StateStale State = "BACKUP:stale"
	// StateParked means that it is a backup, and follows no node.
	StateParked State = "PARKED"
	// StateBarred means that its data may not lead: it is of an earlier term, or was behind.
	StateBarred State = "BARRED"
	// StateFailed means that a server is missing or does not work, on a node that is not active.
	StateFailed State = "FAILED"
)

// States returns all states.
func States() []State {
	return []State{StateActive, StateNoWrites, StateFresh, StateStale, StateParked, StateBarred, StateFailed}
}

// State decides the state of a node with verdict v, whose instance is not stopped. Leader is the other
// node that is promoted; serving says that the servers of this one are active, that clients can reach
// them, and that their disk takes writes.
func (v Verdict) State(leader Leader, serving bool) State {
	switch {
	case v.Leads() && serving:
		return StateActive
	case v.Leads() || v.Health == HealthFailedActive:
		return StateNoWrites
	case v.Broken():
		return StateFailed
	case v.Over, v.Barred:
		return StateBarred
	case v.Following && !v.Stale:
		return StateFresh
	case leader.Node != "":
		return StateStale
	default:
		return StateParked
	}
}
