package supervisor

import (
	"testing"
	"time"

	"ovndb-servers/pkg/replication"
)

// A backup whose beat stands still loses its score after three beats, is called
// degraded after half a minute, and is fresh with the next beat.
func TestBackupIsStaleAfterThreeBeatsAndDegradedAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	began := time.Unix(0, 0)
	backup := func(beat uint64) replication.Observation {
		return replication.Observation{
			Servers: []replication.ServerState{{
				Database: "OVN_Northbound", Condition: replication.ConditionBackup, Marker: &replication.Marker{Beat: beat},
			}},
			Leader: replication.Leader{Node: "node1"},
		}
	}
	var f freshness
	for _, tt := range []struct {
		after  time.Duration
		beat   uint64
		stale  bool
		reason int
	}{
		{after: 0, beat: 7},
		{after: 3 * time.Second, beat: 7},
		{after: 4 * time.Second, beat: 7, stale: true},
		{after: 29 * time.Second, beat: 7, stale: true},
		{after: 30 * time.Second, beat: 7, stale: true, reason: 1},
		{after: 31 * time.Second, beat: 8},
	} {
		stale, reasons := f.observe(began.Add(tt.after), backup(tt.beat), time.Second)
		if stale != tt.stale || len(reasons) != tt.reason {
			t.Errorf("after %s: stale %v, reasons %q", tt.after, stale, reasons)
		}
	}
	alone := backup(8)
	alone.Leader = replication.Leader{}
	if stale, _ := f.observe(began.Add(time.Hour), alone, time.Second); stale {
		t.Error("stale though no node is promoted")
	}
}
