package replication

import (
	"fmt"
)

// northdProgram is how reasons name the program.
const northdProgram = "ovn-northd"

// Northd is the ovn-northd of this node at one moment.
type Northd struct {
	// Managed says that the agent starts and ends it.
	Managed bool
	// PID is the process that holds its pidfile, 0 if none does.
	PID int
	// Stopped says that a signal or a debugger has stopped that.
	Stopped bool
	// Waits says why one that does not run is not started yet; empty if it may be.
	Waits string
	// Reason names another fault of it.
	Reason string
}

// withNorthd adds the faults and repairs of ovn-northd to a verdict: it runs beside
// servers that are active in a recorded term, and beside no others. Its absence is
// never a failure of the servers.
func withNorthd(v Verdict, o Observation) Verdict {
	switch {
	case !o.Northd.Managed || o.foreign(): // then ovn-northd may be somebody else's as well
		return v
	case v.Health == HealthActive, v.Health == HealthActiveDegraded && o.All(ConditionActive):
		return withNorthdRunning(v, o.Northd)
	case v.Health == HealthStopped: // start and stop see to it
	case o.Northd.PID != 0 && !o.leads():
		// After a server is made read-only, which is more urgent.
		v.Repairs = append(v.Repairs, Repair{Kind: RepairStopNorthd})
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s (pid %d) ran on a node that is not promoted", northdProgram, o.Northd.PID))
		if v.Health == HealthBackup {
			v.Health = HealthBackupDegraded
		}
	}
	return v
}

func withNorthdRunning(v Verdict, n Northd) Verdict {
	reason, repair := n.Reason, false
	switch {
	case n.PID == 0 && n.Waits != "":
		reason = northdProgram + " is not started: " + n.Waits
	case n.PID == 0:
		reason, repair = northdProgram+" was not running", true
	case n.Stopped:
		reason, repair = fmt.Sprintf("%s (pid %d) did not work: %s", northdProgram, n.PID, StoppedReason), true
	case reason == "":
		return v
	}
	v.Health = HealthActiveDegraded
	v.Reasons = append(v.Reasons, reason)
	if repair {
		v.Repairs = append(v.Repairs, Repair{Kind: RepairStartNorthd})
	}
	return v
}

// leads says that this node is promoted, as far as is known, and may be active.
func (o Observation) leads() bool {
	return o.Promoted() && o.Term != TermOver && o.Term != TermUnrecorded && !o.All(ConditionBackup)
}
