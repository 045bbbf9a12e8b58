package replication

import "fmt"

// Assess decides the health of the servers on this node and their repairs.
// It is the table "Answers of monitor" of docs/architecture.md.
func Assess(o Observation) Verdict {
	if o.LeftAlone() {
		return assessLeftAlone(o)
	}
	v := withNorthd(assessServers(o), o)
	v.Barred = o.Barred != "" || o.foreign()
	if o.Own != nil {
		v.OwnTermID = o.Own.Record.TermID
	}
	if v.Health != HealthStopped {
		v = v.Degraded(o.reasons()...)
	}
	if o.Probe {
		v.Repairs = nil
	}
	return v
}

// assessLeftAlone judges servers that are none of the resource's: they run, and nothing is repaired.
func assessLeftAlone(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded}
	if o.Broken() {
		v = assessBroken(o)
	}
	v.Repairs, v.Barred = nil, true
	return v.Degraded(append(o.reasons(),
		"the cluster does not manage the resource on this node, and its servers were not started by it: they are left as they are")...)
}

// reasons returns the faults of the servers that count in either role.
func (o Observation) reasons() []string {
	var reasons []string
	for _, s := range o.Servers {
		if s.Foreign != "" && s.Condition != ConditionAbsent {
			reasons = append(reasons, fmt.Sprintf(
				"the %s server (pid %d) was not started by this resource (%s) and is left as it is: end it, or take the resource away from this node",
				s.Database, s.PID, s.Foreign))
		}
	}
	return reasons
}

func assessServers(o Observation) Verdict {
	if v, decided := assessTerm(o); decided {
		return v
	}
	switch {
	case o.All(ConditionAbsent):
		return Verdict{Health: HealthStopped}
	case o.Broken():
		return assessBroken(o)
	case len(o.In(ConditionBusy)) > 0:
		return assessBusy(o)
	case o.All(ConditionActive) && o.Promoted():
		return assessActive(o)
	case len(o.In(ConditionActive)) > 0:
		return assessMixed(o)
	default:
		return assessBackups(o)
	}
}

// assessTerm judges a node with active servers by its term alone, if that decides.
func assessTerm(o Observation) (v Verdict, decided bool) {
	active, busy := len(o.In(ConditionActive)), len(o.In(ConditionBusy))
	switch {
	case o.OtherAgent && active+busy == len(o.Servers):
		return assessOtherAgent(o), true
	case active == 0:
		return Verdict{}, false
	case o.state() == TermOver:
		return assessOver(o), true
	case o.state() == TermUnrecorded:
		return assessUnrecorded(o), true
	default:
		return Verdict{}, false
	}
}

// assessOver judges a node that was promoted once and has not seen that another one was since:
// it must not take one more write. That is no failure of its servers.
func assessOver(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded, Over: true, AwaitsDemotion: o.ExpectPromoted && o.Leader.Node != ""}
	v = v.park(o.In(ConditionActive), true)
	v.Repairs = append(v.Repairs, Repair{Kind: RepairForget})
	v.Reasons = append(v.Reasons, fmt.Sprintf("term %d of this node is over, as another node has been promoted since or this one was demoted",
		o.Own.Record.Term))
	return v
}

// assessUnrecorded judges a promotion that is not in the record. The servers are active before the
// record is swapped, so that it names only terms of which data is on disk: while that promotion is
// under way, it takes itself back if it fails. One that was cut short is not left to the next action,
// which may wait for other nodes: local clients can write meanwhile.
func assessUnrecorded(o Observation) Verdict {
	if o.Promoting {
		return Verdict{Health: o.expected(), Reasons: []string{"a promotion is under way"}}
	}
	v := Verdict{Health: HealthBackupDegraded, Over: true}
	v = v.park(o.In(ConditionActive), true)
	v.Repairs = append(v.Repairs, Repair{Kind: RepairForget})
	v.Reasons = append(v.Reasons, "the promotion of this node was cut short before the cluster recorded it")
	if o.ExpectPromoted {
		v.Health = HealthFailedActive
	}
	return v
}

// assessOtherAgent judges servers that another agent of the resource has made active, before this
// one was installed in its place: clients are served meanwhile, so the term begins around them.
func assessOtherAgent(o Observation) Verdict {
	v := Verdict{
		Health:  HealthActiveDegraded,
		Reasons: []string{"another agent has promoted this node: its data begins a term as it is, without a restart"},
	}
	for _, s := range o.In(ConditionBusy) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) is busy: %s", s.Database, s.PID, s.Reason))
	}
	switch {
	case o.TakeOverWaits != "":
		v.Reasons = append(v.Reasons, o.TakeOverWaits)
	case !o.Acting && o.All(ConditionActive):
		v.Repairs = append(v.Repairs, Repair{Kind: RepairTakeOver})
	}
	return v
}

// expected is the degraded health of the role that Pacemaker believes in.
func (o Observation) expected() Health {
	if o.ExpectPromoted || o.Promoted() && o.Own.Recorded {
		return HealthActiveDegraded
	}
	return HealthBackupDegraded
}

func assessBroken(o Observation) Verdict {
	v := Verdict{Health: HealthFailed}
	for _, s := range o.In(ConditionAbsent) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is not running while the other is", s.Database))
	}
	for _, s := range o.In(ConditionFailed) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) does not work: %s", s.Database, s.PID, s.Reason))
	}
	mayBeActive := len(o.In(ConditionBackup)) == 0 && (o.Promoted() || o.ExpectPromoted)
	led := mayBeActive || o.Promoted() && len(o.In(ConditionActive)) > 0
	switch {
	case o.restartingBackup():
		v.Health = HealthBackupDegraded
	case !o.Promoted():
		v = v.parkUnasked(o.In(ConditionActive))
	case led && o.Restart:
		v.Health, v.Term = HealthActiveDegraded, o.Own.Record.Term
		return v
	}
	if led {
		v.Health = HealthFailedActive
	}
	return v
}

// restartingBackup reports whether a server of a backup is being restarted.
func (o Observation) restartingBackup() bool {
	return o.Restart && !o.Promoted() && !o.ExpectPromoted && len(o.In(ConditionActive)) == 0
}

func assessBusy(o Observation) Verdict {
	v := Verdict{Health: HealthBackupDegraded}
	if o.Promoted() {
		v.Health, v.Term = HealthActiveDegraded, o.Own.Record.Term
	}
	for _, s := range o.In(ConditionBusy) {
		v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server (pid %d) is busy: %s", s.Database, s.PID, s.Reason))
	}
	if !o.Promoted() {
		v = v.parkUnasked(o.In(ConditionActive))
	}
	return v
}

func assessActive(o Observation) Verdict {
	v := Verdict{Health: HealthActive, Term: o.Own.Record.Term}
	switch o.Term {
	case TermRecordLost:
		v.Repairs = append(v.Repairs, Repair{Kind: RepairRecord})
		return v.Degraded(fmt.Sprintf(
			"the cluster's record of term %d is gone, or an older one has come back with the CIB: this node keeps serving and records it again", v.Term))
	case "":
		return v.Degraded("the cluster record could not be read")
	case TermHeld, TermOver, TermUnrecorded:
	}
	if o.Term == TermHeld && !o.Own.Recorded && !o.Promoting {
		// Until then the members of the term stay as they are, and a record that goes back ends it.
		v.Repairs = append(v.Repairs, Repair{Kind: RepairConfirm})
		return v.Degraded("the promotion of this node was cut short after the cluster recorded it")
	}
	return v
}

// assessMixed judges servers that are active without a promotion, and the mixture of active and
// backup that no finished action leaves behind.
func assessMixed(o Observation) Verdict {
	switch {
	case o.Acting && o.Promoted():
		return Verdict{Health: o.expected(), Reasons: []string{"an action is under way"}}
	case o.Promoted():
		v := Verdict{Health: HealthFailedActive}
		for _, s := range o.In(ConditionBackup) {
			v.Reasons = append(v.Reasons, fmt.Sprintf("the %s server is a backup on the promoted node", s.Database))
		}
		return v
	}
	v := Verdict{Health: HealthBackupDegraded}.parkUnasked(o.In(ConditionActive))
	if o.ExpectPromoted {
		v.Health = HealthFailedActive
	}
	return v
}

// park repairs servers that must not be writable, unless they are another manager's.
func (v Verdict) park(servers []ServerState, urgent bool) Verdict {
	for _, s := range servers {
		if s.Foreign == "" {
			v.Repairs = append(v.Repairs, Repair{Kind: RepairPark, Database: s.Database, Urgent: urgent})
		}
	}
	return v
}

func (v Verdict) parkUnasked(servers []ServerState) Verdict {
	for _, s := range servers {
		if s.Foreign == "" {
			v.Reasons = append(v.Reasons, fmt.Sprintf(
				"the %s server was active without having been promoted here; its log says why it turned active", s.Database))
		}
	}
	// An action that makes servers active has its term first, so none is disturbed by that.
	return v.park(servers, true)
}

func assessBackups(o Observation) Verdict {
	v := Verdict{Health: HealthBackup}
	if o.Promoted() && !o.Acting {
		v.Repairs = append(v.Repairs, Repair{Kind: RepairForget})
	}
	switch {
	case o.Leader.Node != "":
		v = assessFollowing(v, o)
		v.AwaitsDemotion = o.ExpectPromoted && (o.SteppedBack || o.state() == TermOver)
	case o.Barred != "":
		v = v.Degraded("this node's data may not lead: " + o.Barred)
	}
	if o.Leader.Node == "" && o.NoLeader != "" {
		v = v.Degraded("no node may lead: " + o.NoLeader)
	}
	return v
}

func assessFollowing(v Verdict, o Observation) Verdict {
	v.Following = true
	for _, s := range o.Servers {
		want := o.Leader.Sources[s.Database]
		switch {
		case s.Foreign != "":
		case s.Source != want:
			v.Repairs = append(v.Repairs, Repair{Kind: RepairFollow, Database: s.Database, Source: want})
			v = v.Degraded(fmt.Sprintf(
				"the %s server replicated from %s and not from the promoted node %s at %s", s.Database, s.Source, o.Leader.Node, want))
		case s.Link != LinkReplicating:
			v = v.Degraded(fmt.Sprintf(
				"the %s server does not replicate: it is %s to %s of node %s", s.Database, s.Link, s.Source, o.Leader.Node))
		default:
			continue
		}
		v.Following = false
	}
	return v
}
