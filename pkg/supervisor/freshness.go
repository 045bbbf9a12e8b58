package supervisor

import (
	"fmt"
	"time"

	"ovndb-servers/pkg/replication"
)

// staleBeats is for how many intervals the beat of a backup may stand still.
const staleBeats = 3

// staleReportDelay is how long the beat stands still before monitors call the node degraded.
// After the death of the active's node all backups are stale until another is promoted. A
// monitor that is not as expected in just that time can cost a minute: see serving.
const staleReportDelay = 30 * time.Second

// freshness remembers when the beats of a backup's databases last moved.
type freshness struct {
	beats   map[string]uint64
	movedAt map[string]time.Time
}

// observe takes note of the beats, and returns whether the data is stale: whether the beat of
// a database stands still though another node is promoted. The reasons are those for the
// monitors: one for each database that has been stale for staleReportDelay.
func (f *freshness) observe(now time.Time, o replication.Observation, interval time.Duration) (stale bool, reasons []string) {
	if !o.All(replication.ConditionBackup) || o.Leader.Node == "" {
		*f = freshness{}
		return false, nil
	}
	if f.beats == nil {
		f.beats, f.movedAt = map[string]uint64{}, map[string]time.Time{}
	}
	for _, server := range o.Servers {
		beat := uint64(0)
		if server.Marker != nil {
			beat = server.Marker.Beat
		}
		since, known := f.movedAt[server.Database]
		if !known || f.beats[server.Database] != beat {
			f.beats[server.Database], f.movedAt[server.Database] = beat, now
			continue
		}
		still := now.Sub(since)
		limit := staleBeats*interval + observeInterval
		stale = stale || still >= limit
		if still >= max(limit, staleReportDelay) {
			reasons = append(reasons, fmt.Sprintf("the %s data here is stale: it got no news from node %s for %s",
				server.Database, o.Leader.Node, still.Round(time.Second)))
		}
	}
	return stale, reasons
}
