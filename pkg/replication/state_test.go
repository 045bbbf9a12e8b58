package replication_test

import (
	"slices"
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestNodeInEachConditionHasTheStateThatItsClientsAndBackupsSee(t *testing.T) {
	t.Parallel()
	node1 := replication.Leader{Node: "node1"}
	reached := map[replication.State]bool{}
	for _, tt := range []struct {
		name    string
		verdict replication.Verdict
		leader  replication.Leader
		serving bool
		want    replication.State
	}{
		{"active and serving", replication.Verdict{Health: replication.HealthActive}, replication.Leader{}, true, replication.StateActive},
		{"active with a fault that clients do not see", replication.Verdict{Health: replication.HealthActiveDegraded}, replication.Leader{}, true, replication.StateActive},
		{"active, listeners closed", replication.Verdict{Health: replication.HealthActive}, replication.Leader{}, false, replication.StateNoWrites},
		{"active, a server restarted", replication.Verdict{Health: replication.HealthActiveDegraded}, replication.Leader{}, false, replication.StateNoWrites},
		{"active, a server dead", replication.Verdict{Health: replication.HealthFailedActive}, replication.Leader{}, false, replication.StateNoWrites},
		{"active without working servers is never ACTIVE", replication.Verdict{Health: replication.HealthFailedActive}, replication.Leader{}, true, replication.StateNoWrites},
		{"backup, fresh", replication.Verdict{Health: replication.HealthBackup, Following: true}, node1, false, replication.StateFresh},
		{"backup, fresh, with a fault", replication.Verdict{Health: replication.HealthBackupDegraded, Following: true}, node1, false, replication.StateFresh},
		{"backup, behind", replication.Verdict{Health: replication.HealthBackup, Following: true, Stale: true}, node1, false, replication.StateStale},
		{"backup of another source", replication.Verdict{Health: replication.HealthBackupDegraded}, node1, false, replication.StateStale},
		{"backup without an active", replication.Verdict{Health: replication.HealthBackup}, replication.Leader{}, false, replication.StateParked},
		{"backup whose data may not lead", replication.Verdict{Health: replication.HealthBackupDegraded, Barred: true}, replication.Leader{}, false, replication.StateBarred},
		{"its term is over", replication.Verdict{Health: replication.HealthBackupDegraded, Over: true}, node1, true, replication.StateBarred},
		{"backup with a dead server", replication.Verdict{Health: replication.HealthFailed}, node1, false, replication.StateFailed},
		{"both servers dead", replication.Verdict{Health: replication.HealthStopped}, node1, false, replication.StateFailed},
	} {
		got := tt.verdict.State(tt.leader, tt.serving)
		if got != tt.want {
			t.Errorf("%s: the state is %s, want %s", tt.name, got, tt.want)
		}
		reached[got] = true
	}
	for _, state := range replication.States() {
		if !reached[state] {
			t.Errorf("no condition leads to state %s", state)
		}
	}
	if len(reached) != len(slices.Compact(slices.Sorted(slices.Values(replication.States())))) {
		t.Error("a state is not in the set")
	}
}
