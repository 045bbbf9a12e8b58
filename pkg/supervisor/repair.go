package supervisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/replication"
)

// repairInterval is between two attempts at a repair.
const repairInterval = 2 * time.Second

// repairTimer decides when repairs are made.
type repairTimer struct {
	repairedAt time.Time // the end of the last attempt
}

// due reports whether the repairs of a verdict are to be made now. To make a server read-only
// does not wait for the interval; while an action is under way, no other repair than an urgent
// one is made at all.
func (r *repairTimer) due(now time.Time, v replication.Verdict, acting bool) bool {
	urgent := slices.ContainsFunc(v.Repairs, func(repair replication.Repair) bool {
		return repair.Urgent || repair.Kind == replication.RepairPark && !acting
	})
	return urgent || len(v.Repairs) > 0 && now.Sub(r.repairedAt) >= repairInterval
}

// done takes note of the end of an attempt.
func (r *repairTimer) done(now time.Time) { r.repairedAt = now }

// repair makes the repairs that a new observation finds due, and returns that observation. While an action
// is under way only urgent ones are made, which the controller logs.
// The errors of repairs differ with each attempt; before, the verdict on the observation before, does not.
func (l *loop) repair(ctx context.Context, before replication.Verdict) (replication.Observation, replication.Verdict) {
	o, v := l.node.Repair(ctx, before)
	now := time.Now()
	l.repairs.done(now)
	if o.Acting {
		return o, v // the action repairs as much as it can
	}
	l.unrepaired = v.RepairErrors
	if len(v.Repairs) > 0 && l.failures.due(now, repairText(before.Repairs)+": "+before.Reason()) {
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
