package replication

import "slices"

// Escalation decides of which failure, that this node cannot repair, the cluster is told, so that it
// recovers the instance or promotes another node. How long a failure has lasted is the supervisor's to
// say.
type Escalation struct {
	// Observation is that of the node's servers.
	Observation Observation
	// Restarting are the databases whose server is being restarted in place, GaveUp says that one is not
	// restarted any more.
	Restarting []string
	GaveUp     bool
	// DiskFailed says that the disk has taken no writes for as long as it is waited for.
	DiskFailed bool
}

// Failing returns the databases whose server runs and does not work, and is not being restarted.
func (e Escalation) Failing() []string {
	return slices.DeleteFunc(e.Observation.Failed(), func(database string) bool { return slices.Contains(e.Restarting, database) })
}

// DiskLost reports whether the node is to leave the role for its disk: it leads, and another node may
// lead next, as far as its data goes. Without one, an active that serves what it has is more than none.
func (e Escalation) DiskLost() bool {
	return e.DiskFailed && e.Observation.HoldsTerm() && len(e.Observation.Own.Record.OtherMembers()) > 0
}

// Lost reports whether the instance has failed for good: its disk is lost, or a server that does not
// come back is missing in its role.
func (e Escalation) Lost() bool {
	o := e.Observation
	return e.DiskLost() || e.GaveUp && (o.Broken() || o.Promoted() && !o.AllActive())
}
