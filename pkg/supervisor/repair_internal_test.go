package supervisor

import (
	"testing"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestRepairIsTriedAgainAfterTwoSecondsAndAServerMadeReadOnlyAtOnceIfUrgentAlsoDuringAnAction(t *testing.T) {
	t.Parallel()
	follow := replication.Repair{Kind: replication.RepairFollow, Database: "OVN_Northbound"}
	park := replication.Repair{Kind: replication.RepairPark, Database: "OVN_Southbound"}
	urgent := replication.Repair{Kind: replication.RepairPark, Database: "OVN_Southbound", Urgent: true}
	var r repairTimer
	for _, tt := range []struct {
		at      time.Duration
		repairs []replication.Repair
		acting  bool
		due     bool
		end     time.Duration
	}{
		{at: 0},
		{at: 0, repairs: []replication.Repair{follow}, due: true, end: time.Second},
		{at: 2 * time.Second, repairs: []replication.Repair{follow}},
		{at: 2500 * time.Millisecond, repairs: []replication.Repair{follow, park}, due: true, end: 2500 * time.Millisecond},
		{at: 4 * time.Second, repairs: []replication.Repair{follow}},
		{at: 4500 * time.Millisecond, repairs: []replication.Repair{follow}, due: true, end: 5 * time.Second},
		{at: 6 * time.Second, repairs: []replication.Repair{park}, acting: true},
		{at: 6 * time.Second, repairs: []replication.Repair{urgent}, acting: true, due: true, end: 6 * time.Second},
		{at: time.Hour},
	} {
		due := r.due(time.Unix(0, 0).Add(tt.at), replication.Verdict{Repairs: tt.repairs}, tt.acting)
		if due != tt.due {
			t.Errorf("after %s: due %v, want %v", tt.at, due, tt.due)
		}
		if due {
			r.done(time.Unix(0, 0).Add(tt.end))
		}
	}
}
