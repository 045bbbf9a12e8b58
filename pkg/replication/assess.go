package replication

import (
	"fmt"
)

// Assess decides what the servers on this node amount to and what has to be
// repaired. It is the table "what monitor answers" of the documentation.
func Assess(o Observation) Verdict { return withNorthd(assessServers(o), o) }

func assessServers(o Observation) Verdict {
	switch {
	case o.All(ConditionAbsent):
		return Verdict{Health: HealthStopped}
	case len(o.In(ConditionActive)) > 0 && o.Promoted && o.Term == TermOver:
		return assessOver(o)
	case len(o.In(ConditionAbsent))+len(o.In(ConditionFailed)) > 0:
		return assessBroken(o)
	case len(o.In(ConditionBusy)) > 0:
		return assessBusy(o)
	case o.All(ConditionActive) && o.Promoted:
		return assessActive(o)
	case len(o.In(ConditionActive)) > 0:
		return assessUnasked(o)
	default:
		return assessBackups(o)
	}
}

func assessBroken(o Observation) Verdict {
	v := Verdict{Health: HealthFailed}
	for _, s := range o.In(ConditionAbsent) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is not running while the other is", s.Database))
	}
	for _, s := range o.In(ConditionFailed) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) does not work: %s", s.Database, s.PID, s.Reason))
	}
	if !o.Promoted {
		v = park(v, o.In(ConditionActive))
	}
	mayBeActive := len(o.In(ConditionBackup)) == 0 && (o.Promoted || o.ExpectPromoted)
	if mayBeActive || o.Promoted && len(o.In(ConditionActive)) > 0 {
		v.Health = HealthFailedActive
	}
	return v
}

func assessBusy(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded}
	if o.Promoted {
		v.Health = HealthActiveDegraded
	}
	for _, s := range o.In(ConditionBusy) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) is busy: %s", s.Database, s.PID, s.Reason))
	}
	if !o.Promoted {
		v = park(v, o.In(ConditionActive))
	}
	return v
}

// assessOver judges a node that was promoted once and has not seen that another
// one was since: it must not take one more write.
func assessOver(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded, Over: true}
	for _, s := range o.In(ConditionActive) {
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
		for _, s := range o.In(ConditionBackup) {
			v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is a backup on the promoted node", s.Database))
		}
		return v
	}
	v := park(Verdict{Health: HealthBackupDegraded}, o.In(ConditionActive))
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
		case s.Link != LinkReplicating:
			v.Reasons = append(v.Reasons, fmt.Sprintf(
				"the %s server does not replicate: it is %s to %s of node %s", s.Database, s.Link, s.Source, o.Leader.Node))
		default:
			continue
		}
		v.Following = false
	}
	return v
}
