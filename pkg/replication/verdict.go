package replication

import (
	"slices"
	"strings"
)

// Health is the state of the servers of the resource on this node, taken together.
type Health string

// The healths, from nothing to broken. Package ocf maps each to one exit code.
const (
	// HealthStopped means that no server runs.
	HealthStopped Health = "stopped"
	// HealthBackup means that all servers are backups, following or parked.
	HealthBackup Health = "backup"
	// HealthBackupDegraded is HealthBackup with a fault that is reported.
	HealthBackupDegraded Health = "backup, degraded"
	// HealthActive means that all servers are active and this node is promoted.
	HealthActive Health = "active"
	// HealthActiveDegraded is HealthActive with a fault that is reported.
	HealthActiveDegraded Health = "active, degraded"
	// HealthFailed means that the instance is broken and holds no promotion.
	HealthFailed Health = "failed"
	// HealthFailedActive means that it is broken and may still be active.
	HealthFailedActive Health = "failed while active"
)

// RepairKind is the step that a repair takes.
type RepairKind string

// The kinds of repair.
const (
	// RepairPark makes a server the backup of the parking address.
	RepairPark RepairKind = "park"
	// RepairFollow points a backup at the promoted node.
	RepairFollow RepairKind = "follow"
	// RepairForget drops the state that this node leads a term.
	RepairForget RepairKind = "forget"
	// RepairRecord swaps the record of this node's term in again.
	RepairRecord RepairKind = "record"
	// RepairConfirm keeps that the record names this node's term, which its promotion has not kept.
	RepairConfirm RepairKind = "confirm"
	// RepairTakeOver begins a term on a node that another agent has promoted.
	RepairTakeOver RepairKind = "take over"
	// RepairStartNorthd starts ovn-northd, RepairStopNorthd ends it.
	RepairStartNorthd RepairKind = "start ovn-northd"
	RepairStopNorthd  RepairKind = "stop ovn-northd"
)

// Repair is one thing to put right before the health is reported.
type Repair struct {
	Kind RepairKind
	// Database is the server to repair; empty where it is none of a database.
	Database string
	// Source is the remote that RepairFollow points the server at.
	Source string
	// Urgent says that it does not wait for an action that is under way: two nodes would be
	// writable meanwhile.
	Urgent bool
}

// Verdict is the outcome of an assessment.
type Verdict struct {
	Health Health
	// Reasons name the faults, one each; none if all is well.
	Reasons []string
	// Waiting names the event that is waited for and is no fault, for people; empty if none is.
	Waiting string
	// Repairs are to be carried out at once, in this order.
	Repairs []Repair
	// RepairErrors say why repairs that were tried have failed.
	RepairErrors []string
	// Refused says that they failed because of their source alone, for reasons that last until an
	// operator, or another promotion, changes them: they need not be tried again soon.
	Refused bool
	// Term is the term of an active node, 0 of any other.
	Term uint64
	// OwnTermID is the term that the node leads by its own state, empty if it leads none. Once that is
	// another, an urgent repair no longer applies.
	OwnTermID string
	// Over says that the node led a term that is over, or never was the cluster's: it is not to
	// be promoted before it has been looked at again.
	Over bool
	// AwaitsDemotion says that Pacemaker believes the instance to be promoted, which has stepped back
	// or is about to, as another node leads: Pacemaker knows of two promoted instances, and demotes
	// one by itself. Until then a monitor that does not confirm the role would count as a failure.
	AwaitsDemotion bool
	// Barred says that the node's data must not lead.
	Barred bool
	// Following says that every server replicates from the promoted node, Stale that it has
	// been behind for some time nevertheless.
	Following, Stale bool
}

// Reason returns all reasons in one line, the causes first: the cluster's tools cut it off.
func (v Verdict) Reason() string {
	return strings.Join(slices.Concat(v.RepairErrors, v.Reasons), "; ")
}

// Degraded adds faults to a verdict on servers that work.
func (v Verdict) Degraded(reasons ...string) Verdict {
	v.Reasons = append(v.Reasons, reasons...)
	switch {
	case len(v.Reasons) == 0:
	case v.Health == HealthActive:
		v.Health = HealthActiveDegraded
	case v.Health == HealthBackup:
		v.Health = HealthBackupDegraded
	}
	return v
}

// Unrepaired adds the error of a repair that was tried. An instance that cannot step back, or not forget
// its term, does not await its demotion: to the cluster it fails, which stops it then.
func (v Verdict) Unrepaired(r Repair, reason string) Verdict {
	v.RepairErrors = append(v.RepairErrors, reason)
	v.AwaitsDemotion = v.AwaitsDemotion && r.Kind != RepairPark && r.Kind != RepairForget
	return v
}

// Broken reports whether a server of the resource is missing or does not work.
func (v Verdict) Broken() bool {
	return v.Health == HealthFailed || v.Health == HealthFailedActive || v.Health == HealthStopped
}

// Leads reports whether the node is the active one.
func (v Verdict) Leads() bool { return v.Health == HealthActive || v.Health == HealthActiveDegraded }
