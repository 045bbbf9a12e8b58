package supervisor

import (
	"fmt"
	"time"

	"ovndb-servers/pkg/replication"
)

// staleBeats is for how many intervals the beat may stand still.
const staleBeats = 3

// freshness remembers when the beats of a backup's data moved last.
type freshness struct {
	beats map[string]uint64
	moved map[string]time.Time
}

// see takes note of the beats and returns why the data is stale, for each database
// whose beat stands still though another node is promoted.
func (f *freshness) see(now time.Time, o replication.Observation, interval time.Duration) []string {
	if !o.AllBackup() || o.Leader.Node == "" {
		*f = freshness{}
		return nil
	}
	if f.beats == nil {
		f.beats, f.moved = map[string]uint64{}, map[string]time.Time{}
	}
	var stale []string
	for _, server := range o.Servers {
		beat := uint64(0)
		if server.Marker != nil {
			beat = server.Marker.Beat
		}
		since, known := f.moved[server.Database]
		if !known || f.beats[server.Database] != beat {
			f.beats[server.Database], f.moved[server.Database] = beat, now
			continue
		}
		if still := now.Sub(since); still >= staleBeats*interval+lookInterval {
			stale = append(stale, fmt.Sprintf("the %s data here is stale: it got no news from node %s for %s",
				server.Database, o.Leader.Node, still.Round(time.Second)))
		}
	}
	return stale
}
