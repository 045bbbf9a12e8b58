package control

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

func TestABackupThatConnectsIsSettlingOnlyJustAfterItWasPointedAtItsSource(t *testing.T) {
	t.Parallel()
	c := Controller{StateDir: t.TempDir(), Units: []Unit{{Server: ovsdbctl.Server{Database: ovsdbctl.Northbound()}}}}
	pointed := filepath.Join(c.StateDir, "OVN_Northbound."+stateFollowed)
	led := replication.Leader{Node: "node2"}
	repair := []replication.Repair{{Kind: replication.RepairFollow}}
	for _, tt := range []struct {
		name    string
		pointed time.Duration // ago; negative if never
		link    replication.Link
		leader  replication.Leader
		health  replication.Health
		repairs []replication.Repair
		want    bool
	}{
		{"connects, pointed now", 0, replication.LinkConnecting, led, replication.HealthBackupDegraded, nil, true},
		{"replicates", 0, replication.LinkReplicating, led, replication.HealthBackupDegraded, nil, false},
		{"connects for long", 2 * settleWait, replication.LinkConnecting, led, replication.HealthBackupDegraded, nil, false},
		{"connects, never pointed", -1, replication.LinkConnecting, led, replication.HealthBackupDegraded, nil, false},
		{"no node is promoted", 0, replication.LinkConnecting, replication.Leader{}, replication.HealthBackupDegraded, nil, false},
		{"needs a repair", 0, replication.LinkConnecting, led, replication.HealthBackupDegraded, repair, false},
		{"broken", 0, replication.LinkConnecting, led, replication.HealthFailed, nil, false},
	} {
		must(t, os.RemoveAll(pointed))
		if tt.pointed >= 0 {
			must(t, os.WriteFile(pointed, nil, 0o600))
			at := time.Now().Add(-tt.pointed)
			must(t, os.Chtimes(pointed, at, at))
		}
		o := replication.Observation{
			Leader: tt.leader, Servers: []replication.ServerState{{Database: "OVN_Northbound", Link: tt.link}},
		}
		if got := c.settling(o, replication.Verdict{Health: tt.health, Repairs: tt.repairs}); got != tt.want {
			t.Errorf("%s: settling is %t, want %t", tt.name, got, tt.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
