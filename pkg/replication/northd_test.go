package replication_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

func TestAssessNorthd(t *testing.T) {
	t.Parallel()
	running, absent := replication.Northd{Managed: true, PID: 7}, replication.Northd{Managed: true}
	start, stop := replication.Repair{Kind: replication.RepairStartNorthd}, replication.Repair{Kind: replication.RepairStopNorthd}
	forget := replication.Repair{Kind: replication.RepairForget}
	active, backup := pair(replication.ConditionActive, replication.ConditionActive), pair(replication.ConditionBackup, replication.ConditionBackup)
	for _, tt := range []struct {
		name    string
		in      replication.Observation
		health  replication.Health
		repairs []replication.Repair
	}{
		{
			"active, it runs: all is well",
			replication.Observation{Servers: active, Promoted: true, Northd: running},
			replication.HealthActive, nil,
		},
		{
			"active, it does not run: started, degraded",
			replication.Observation{Servers: active, Promoted: true, Northd: absent},
			replication.HealthActiveDegraded,
			[]replication.Repair{start},
		},
		{
			"active, it does not run, and is not the agent's: all is well",
			replication.Observation{Servers: active, Promoted: true},
			replication.HealthActive, nil,
		},
		{
			"active in a term that was never recorded, it does not run: not started",
			replication.Observation{Servers: active, Promoted: true, Term: replication.TermUnrecorded, Northd: absent},
			replication.HealthFailedActive, nil,
		},
		{
			"active in a term that is over, it runs: the servers are made read-only first",
			replication.Observation{Servers: active, Promoted: true, Term: replication.TermOver, Northd: running},
			replication.HealthBackupDegraded, append(parkBoth(), forget, stop),
		},
		{
			"active without a promotion, it runs: ended",
			replication.Observation{Servers: active, Northd: running},
			replication.HealthBackupDegraded, append(parkBoth(), stop),
		},
		{
			"backup, it runs: ended, degraded",
			replication.Observation{Servers: backup, Northd: running},
			replication.HealthBackupDegraded,
			[]replication.Repair{stop},
		},
		{
			"backup in spite of a note of a promotion, it runs: ended, degraded",
			replication.Observation{Servers: backup, Promoted: true, Northd: running},
			replication.HealthBackupDegraded,
			[]replication.Repair{forget, stop},
		},
		{
			"backup, one of somebody else runs: left alone",
			replication.Observation{Servers: backup, Northd: replication.Northd{PID: 7}},
			replication.HealthBackup, nil,
		},
		{
			"one server dead on the promoted node, it runs: that is no matter now",
			replication.Observation{
				Servers: pair(replication.ConditionAbsent, replication.ConditionActive), Promoted: true, Northd: running,
			},
			replication.HealthFailedActive, nil,
		},
		{
			"busy on the promoted node, it does not run: left to a later look",
			replication.Observation{
				Servers: pair(replication.ConditionBusy, replication.ConditionActive), Promoted: true, Northd: absent,
			},
			replication.HealthActiveDegraded, nil,
		},
		{
			"no server runs, it does: stopped all the same",
			replication.Observation{
				Servers: pair(replication.ConditionAbsent, replication.ConditionAbsent), Northd: running,
			},
			replication.HealthStopped, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := replication.Assess(tt.in)
			if got.Health != tt.health {
				t.Errorf("health is %q, want %q (%s)", got.Health, tt.health, got.Reason())
			}
			if diff := cmp.Diff(tt.repairs, got.Repairs); diff != "" {
				t.Errorf("repairs (-want +got):\n%s", diff)
			}
		})
	}
}
