package replication

import (
	"fmt"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
)

// Health is the answer to "what are the servers of the resource on this node".
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

// RepairKind is what a repair does to a server.
type RepairKind string

// The kinds of repair.
const (
	// RepairPark makes a server the backup of the parking address.
	RepairPark RepairKind = "park"
	// RepairFollow points a backup at the promoted node.
	RepairFollow RepairKind = "follow"
	// RepairForget drops the note that this node is promoted.
	RepairForget RepairKind = "forget"
	// RepairStartNorthd starts ovn-northd, RepairStopNorthd ends it.
	RepairStartNorthd RepairKind = "start ovn-northd"
	RepairStopNorthd  RepairKind = "stop ovn-northd"
)

// Repair is one thing to put right before the health is reported.
type Repair struct {
	Kind RepairKind
	// Database is the server to repair; empty where it is none of a database.
	Database string
	// Source is what RepairFollow points the server at.
	Source string
}

// Verdict is the outcome of an assessment.
type Verdict struct {
	Health Health
	// Reasons say what is wrong, one for each fault; none if all is well.
	Reasons []string
	// Repairs are to be carried out at once, in this order.
	Repairs []Repair
	// Term is the term of an active node, 0 of any other.
	Term uint64
	// Over says that the node led a term that is over: it is not to be promoted before
	// it has been looked at anew.
	Over bool
	// Following says that every server replicates from the promoted node.
	Following bool
	// Stale says that the promoted node's beats have not come for a moment. No single look
	// can tell.
	Stale bool
}

// Reason returns all reasons in one line.
func (v Verdict) Reason() string { return strings.Join(v.Reasons, "; ") }

// Assess decides what the servers on this node amount to and what has to be
// repaired. It is the table "what monitor answers" of the documentation.
func Assess(o Observation) Verdict { return withNorthd(assessServers(o), o) }

func assessServers(o Observation) Verdict {
	switch {
	case o.all(ConditionAbsent):
		return Verdict{Health: HealthStopped}
	case len(o.in(ConditionActive)) > 0 && o.Promoted && o.Term == TermOver:
		return assessOver(o)
	case len(o.in(ConditionAbsent))+len(o.in(ConditionFailed)) > 0:
		return assessBroken(o)
	case len(o.in(ConditionBusy)) > 0:
		return assessBusy(o)
	case o.all(ConditionActive) && o.Promoted:
		return assessActive(o)
	case len(o.in(ConditionActive)) > 0:
		return assessUnasked(o)
	default:
		return assessBackups(o)
	}
}

func assessBroken(o Observation) Verdict {
	v := Verdict{Health: HealthFailed}
	for _, s := range o.in(ConditionAbsent) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is not running while the other is", s.Database))
	}
	for _, s := range o.in(ConditionFailed) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) does not work: %s", s.Database, s.PID, s.Reason))
	}
	if !o.Promoted {
		v = park(v, o.in(ConditionActive))
	}
	mayBeActive := len(o.in(ConditionBackup)) == 0 && (o.Promoted || o.ExpectPromoted)
	if mayBeActive || o.Promoted && len(o.in(ConditionActive)) > 0 {
		v.Health = HealthFailedActive
	}
	return v
}

func assessBusy(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded}
	if o.Promoted {
		v.Health = HealthActiveDegraded
	}
	for _, s := range o.in(ConditionBusy) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) is busy: %s", s.Database, s.PID, s.Reason))
	}
	if !o.Promoted {
		v = park(v, o.in(ConditionActive))
	}
	return v
}

// assessOver judges a node that was promoted once and has not seen that another
// one was since: it must not take one more write.
func assessOver(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded, Over: true}
	for _, s := range o.in(ConditionActive) {
		v.Repairs = append(v.Repairs, Repair{Kind: RepairPark, Database: s.Database})
	}
	v.Repairs = append(v.Repairs, Repair{Kind: RepairForget})
	v.Reasons = append(v.Reasons, "the term of this node is over, as another node has been promoted since")
	if o.ExpectPromoted {
		v.Health = HealthFailedActive
	}
	return v
}

func assessActive(o Observation) Verdict {
	v := Verdict{Health: HealthActive, Term: o.term()}
	if o.Term == TermUnrecorded {
		v.Health = HealthFailedActive
		v.Reasons = append(v.Reasons, "the promotion of this node was cut short before the cluster recorded it")
	}
	for _, s := range o.Servers {
		if s.Reason != "" && v.Health == HealthActive {
			v.Health = HealthActiveDegraded
			v.Reasons = append(v.Reasons, s.Reason)
		}
	}
	return v
}

// assessUnasked judges servers that are active without a promotion, and the
// mixture of active and backup that no finished action leaves behind.
func assessUnasked(o Observation) Verdict {
	if o.Promoted {
		v := Verdict{Health: HealthFailedActive}
		for _, s := range o.in(ConditionBackup) {
			v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is a backup on the promoted node", s.Database))
		}
		return v
	}
	v := park(Verdict{Health: HealthBackupDegraded}, o.in(ConditionActive))
	if o.ExpectPromoted {
		v.Health = HealthFailedActive
	}
	return v
}

func park(v Verdict, servers []ServerState) Verdict {
	for _, s := range servers {
		v.Repairs = append(v.Repairs, Repair{Kind: RepairPark, Database: s.Database})
		v.Reasons = append(v.Reasons, fmt.Sprintf(
			"the %s server was active without having been promoted here; its log says why it turned active", s.Database))
	}
	return v
}

func assessBackups(o Observation) Verdict {
	v := Verdict{Health: HealthBackup}
	if o.Promoted {
		v.Repairs = append(v.Repairs, Repair{Kind: RepairForget})
	}
	if o.Leader.Node != "" {
		v = assessFollowing(v, o)
	}
	for _, s := range o.Servers {
		if s.Reason != "" {
			v.Reasons = append(v.Reasons, s.Reason)
		}
	}
	if len(v.Reasons) > 0 {
		v.Health = HealthBackupDegraded
	}
	return v
}

func assessFollowing(v Verdict, o Observation) Verdict {
	v.Following = true
	for _, s := range o.Servers {
		want := o.Leader.Sources[s.Database]
		switch {
		case s.Source != want:
			v.Repairs = append(v.Repairs, Repair{Kind: RepairFollow, Database: s.Database, Source: want})
			v.Reasons = append(v.Reasons, fmt.Sprintf(
				"the %s server replicated from %s and not from the promoted node %s at %s", s.Database, s.Source, o.Leader.Node, want))
		case s.Link != ovsdbctl.LinkReplicating:
			v.Reasons = append(v.Reasons, fmt.Sprintf(
				"the %s server does not replicate: it is %s to %s of node %s", s.Database, s.Link, s.Source, o.Leader.Node))
		default:
			continue
		}
		v.Following = false
	}
	return v
}
