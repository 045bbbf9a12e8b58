package supervisor

import (
	"context"
	"slices"
	"time"

	"ovndb-servers/pkg/replication"
)

// faultsInterval is between two looks at the servers' files and Connection rows.
const faultsInterval = 5 * time.Second

// faults decides when servers are looked at that answer as they should, and which faults are
// reported then.
type faults struct {
	lookedAt time.Time
	found    []string // by the last look
	lasting  []string // by the last two: while a server compacts its file, it has two of them
}

// due reports whether to look now, and then takes it for done.
func (f *faults) due(now time.Time) bool {
	if now.Sub(f.lookedAt) < faultsInterval {
		return false
	}
	f.lookedAt = now
	return true
}

// observe takes note of the faults that a look has found.
func (f *faults) observe(found []string) {
	f.lasting = slices.DeleteFunc(slices.Clone(found), func(fault string) bool { return !slices.Contains(f.found, fault) })
	f.found = found
}

// checkServers returns the reasons for the monitors.
func (l *loop) checkServers(ctx context.Context, now time.Time, o replication.Observation) []string {
	if l.faults.due(now) {
		l.faults.observe(l.node.Faults(ctx, o.HoldsTerm()))
	}
	return l.faults.lasting
}
