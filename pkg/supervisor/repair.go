package supervisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/replication"
)

// repairInterval is between two attempts at a repair, refusedInterval between two where the source is
// refused for a reason that lasts: each attempt asks the cluster and the source, and may convert a copy
// of the database.
const (
	repairInterval  = 2 * time.Second
	refusedInterval = 30 * time.Second
)

// repairTimer decides when repairs are made.
type repairTimer struct {
	repairedAt time.Time // the end of the last attempt
	// refused is the situation, the repairs and the cluster record, in which the source was refused for
	// a reason that lasts; empty if it was not.
	refused string
}

// situation returns what a refusal depends on.
func situation(v replication.Verdict, record string) string {
	texts := []string{record}
	for _, r := range v.Repairs {
		texts = append(texts, string(r.Kind), r.Database, r.Source)
	}
	return strings.Join(texts, "\n")
}

// due reports whether the repairs of a verdict are to be made now. To make a server read-only
// does not wait for the interval; while an action is under way, no other repair than an urgent
// one is made at all.
func (r *repairTimer) due(now time.Time, v replication.Verdict, record string, acting bool) bool {
	urgent := slices.ContainsFunc(v.Repairs, func(repair replication.Repair) bool {
		return repair.Urgent || repair.Kind == replication.RepairPark && !acting
	})
	interval := repairInterval
	if r.refused != "" && r.refused == situation(v, record) {
		interval = refusedInterval
	}
	return urgent || len(v.Repairs) > 0 && now.Sub(r.repairedAt) >= interval
}

// done takes note of the end of an attempt at the repairs of v.
func (r *repairTimer) done(now time.Time, v replication.Verdict, record string) {
	r.repairedAt, r.refused = now, ""
	if v.Refused {
		r.refused = situation(v, record)
	}
}

// repair makes the repairs that a new observation finds due, and returns that observation. While an action
// is under way only urgent ones are made, which the controller logs.
// The errors of repairs differ with each attempt; before, the verdict on the observation before, does not.
func (l *loop) repair(ctx context.Context, before replication.Verdict) (replication.Observation, replication.Verdict) {
	o, v := l.node.Repair(ctx, before)
	now := time.Now()
	l.repairs.done(now, v, l.view.state.Record)
	if o.Acting {
		return o, v // the action repairs as much as it can
	}
	l.unrepaired = v.RepairErrors
	if len(v.Repairs) > 0 && l.failures.Due(now, repairText(before.Repairs)+": "+before.Reason()) {
		log := l.log.WithField("repairs", repairText(v.Repairs))
		if reason := v.Reason(); reason != "" {
			log = log.WithField("reason", reason)
		}
		log.Warn("the servers of this node needed a repair")
	}
	return o, v
}

// repairText returns "park OVN_Northbound, forget", for example.
func repairText(repairs []replication.Repair) string {
	texts := make([]string, len(repairs))
	for i, r := range repairs {
		texts[i] = strings.TrimSpace(string(r.Kind) + " " + r.Database)
	}
	return strings.Join(texts, ", ")
}
