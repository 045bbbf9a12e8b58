package replication_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

const (
	nb = "OVN_Northbound"
	sb = "OVN_Southbound"
)

func server(db string, c replication.Condition) replication.ServerState {
	return replication.ServerState{Database: db, Condition: c, PID: 1}
}

func pair(northbound, southbound replication.Condition) []replication.ServerState {
	return []replication.ServerState{server(nb, northbound), server(sb, southbound)}
}

func backups(nbSource, sbSource string, link replication.Link) []replication.ServerState {
	servers := pair(replication.ConditionBackup, replication.ConditionBackup)
	servers[0].Source, servers[1].Source = nbSource, sbSource
	servers[0].Link, servers[1].Link = link, link
	return servers
}

func leader() replication.Leader {
	return replication.Leader{
		Node:    "node1",
		Sources: replication.Sources{nb: "tcp:10.0.0.1:6641", sb: "tcp:10.0.0.1:6642"},
	}
}

func parkBoth() []replication.Repair {
	return []replication.Repair{
		{Kind: replication.RepairPark, Database: nb}, {Kind: replication.RepairPark, Database: sb},
	}
}

func TestAssess(t *testing.T) {
	t.Parallel()
	const (
		absent = replication.ConditionAbsent
		failed = replication.ConditionFailed
		busy   = replication.ConditionBusy
		active = replication.ConditionActive
		backup = replication.ConditionBackup
	)
	parked := backups("tcp:192.0.2.254:6641", "tcp:192.0.2.254:6642", replication.LinkConnecting)
	following := backups("tcp:10.0.0.1:6641", "tcp:10.0.0.1:6642", replication.LinkReplicating)
	for _, tt := range []struct {
		name    string
		in      replication.Observation
		health  replication.Health
		repairs []replication.Repair
		reason  string
	}{
		{
			name:   "none runs: stopped",
			in:     replication.Observation{Servers: pair(absent, absent)},
			health: replication.HealthStopped,
		},
		{
			name:   "none runs though this node is promoted: stopped",
			in:     replication.Observation{Servers: pair(absent, absent), Promoted: true},
			health: replication.HealthStopped,
		},
		{
			name:   "both parked, no node promoted: a healthy backup",
			in:     replication.Observation{Servers: parked},
			health: replication.HealthBackup,
		},
		{
			name:   "both follow the promoted node: a healthy backup",
			in:     replication.Observation{Servers: following, Leader: leader()},
			health: replication.HealthBackup,
		},
		{
			name:   "both still point at a node that is gone, no node promoted: a healthy backup",
			in:     replication.Observation{Servers: following},
			health: replication.HealthBackup,
		},
		{
			name:   "both parked though a node is promoted: degraded and pointed at it",
			in:     replication.Observation{Servers: parked, Leader: leader()},
			health: replication.HealthBackupDegraded,
			repairs: []replication.Repair{
				{Kind: replication.RepairFollow, Database: nb, Source: "tcp:10.0.0.1:6641"},
				{Kind: replication.RepairFollow, Database: sb, Source: "tcp:10.0.0.1:6642"},
			},
			reason: "not from the promoted node node1",
		},
		{
			name: "right source but not connected: degraded, nothing to repair",
			in: replication.Observation{
				Servers: backups("tcp:10.0.0.1:6641", "tcp:10.0.0.1:6642", replication.LinkConnecting), Leader: leader(),
			},
			health: replication.HealthBackupDegraded,
			reason: "does not replicate",
		},
		{
			name:    "both backup though this node noted a promotion: the note is dropped",
			in:      replication.Observation{Servers: parked, Promoted: true},
			health:  replication.HealthBackup,
			repairs: []replication.Repair{{Kind: replication.RepairForget}},
		},
		{
			name:   "both active and promoted here: active",
			in:     replication.Observation{Servers: pair(active, active), Promoted: true},
			health: replication.HealthActive,
		},
		{
			name:    "both active by themselves on an unpromoted node: made read-only, degraded",
			in:      replication.Observation{Servers: pair(active, active)},
			health:  replication.HealthBackupDegraded,
			repairs: parkBoth(),
			reason:  "without having been promoted here",
		},
		{
			name:    "both active without a promotion where Pacemaker expects one: made read-only, failed",
			in:      replication.Observation{Servers: pair(active, active), ExpectPromoted: true},
			health:  replication.HealthFailedActive,
			repairs: parkBoth(),
			reason:  "without having been promoted here",
		},
		{
			name:    "southbound active by itself on an unpromoted node: made read-only, degraded",
			in:      replication.Observation{Servers: pair(backup, active)},
			health:  replication.HealthBackupDegraded,
			repairs: []replication.Repair{{Kind: replication.RepairPark, Database: sb}},
			reason:  "OVN_Southbound server was active",
		},
		{
			name:   "southbound a backup on the promoted node: failed while active",
			in:     replication.Observation{Servers: pair(active, backup), Promoted: true},
			health: replication.HealthFailedActive,
			reason: "OVN_Southbound server is a backup on the promoted node",
		},
		{
			name:   "northbound down, southbound a backup: failed",
			in:     replication.Observation{Servers: pair(absent, backup)},
			health: replication.HealthFailed,
			reason: "OVN_Northbound server is not running",
		},
		{
			name:   "southbound down, northbound active and promoted: failed while active",
			in:     replication.Observation{Servers: pair(active, absent), Promoted: true},
			health: replication.HealthFailedActive,
			reason: "OVN_Southbound server is not running",
		},
		{
			name:    "southbound down, northbound active by itself: made read-only, failed",
			in:      replication.Observation{Servers: pair(active, absent)},
			health:  replication.HealthFailed,
			repairs: []replication.Repair{{Kind: replication.RepairPark, Database: nb}},
			reason:  "OVN_Southbound server is not running",
		},
		{
			name:   "southbound does not work, northbound a backup: failed",
			in:     replication.Observation{Servers: pair(backup, failed)},
			health: replication.HealthFailed,
			reason: "OVN_Southbound server (pid 1) does not work",
		},
		{
			name:   "neither works on the promoted node: failed while active, for either may be",
			in:     replication.Observation{Servers: pair(failed, failed), Promoted: true},
			health: replication.HealthFailedActive,
			reason: "does not work",
		},
		{
			name:   "neither works on an unpromoted node: failed",
			in:     replication.Observation{Servers: pair(failed, absent)},
			health: replication.HealthFailed,
			reason: "does not work",
		},
		{
			name:   "northbound busy on the promoted node: degraded in its role",
			in:     replication.Observation{Servers: pair(busy, active), Promoted: true},
			health: replication.HealthActiveDegraded,
			reason: "is busy",
		},
		{
			name:   "northbound busy on an unpromoted node: degraded in its role",
			in:     replication.Observation{Servers: pair(busy, backup)},
			health: replication.HealthBackupDegraded,
			reason: "is busy",
		},
		{
			name:    "northbound busy, southbound active by itself: that one is made read-only",
			in:      replication.Observation{Servers: pair(busy, active)},
			health:  replication.HealthBackupDegraded,
			repairs: []replication.Repair{{Kind: replication.RepairPark, Database: sb}},
			reason:  "is busy",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := replication.Assess(tt.in)
			if got.Health != tt.health {
				t.Errorf("health is %q, want %q (reasons: %s)", got.Health, tt.health, got.Reason())
			}
			if diff := cmp.Diff(tt.repairs, got.Repairs); diff != "" {
				t.Errorf("repairs (-want +got):\n%s", diff)
			}
			if (tt.reason == "") != (got.Reason() == "") || !strings.Contains(got.Reason(), tt.reason) {
				t.Errorf("reason is %q, want it to say %q", got.Reason(), tt.reason)
			}
		})
	}
}

// Every state a pair of servers can be in gets a health, no server that is
// active without a promotion is ever left so, and no repair touches a promotion
// that holds.
func TestAssessEveryPairOfConditions(t *testing.T) {
	t.Parallel()
	all := []replication.Condition{
		replication.ConditionAbsent, replication.ConditionFailed, replication.ConditionBusy,
		replication.ConditionActive, replication.ConditionBackup,
	}
	for _, n := range all {
		for _, s := range all {
			for _, promoted := range []bool{true, false} {
				got := replication.Assess(replication.Observation{Servers: pair(n, s), Promoted: promoted})
				parked := map[string]bool{}
				for _, r := range got.Repairs {
					parked[r.Database] = r.Kind == replication.RepairPark
				}
				for db, c := range map[string]replication.Condition{nb: n, sb: s} {
					want := c == replication.ConditionActive && !promoted
					if parked[db] != want {
						t.Errorf("%s/%s promoted=%t: %s parked=%t, want %t", n, s, promoted, db, parked[db], want)
					}
				}
			}
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	following := replication.Verdict{Health: replication.HealthBackup, Following: true}
	stale := replication.Verdict{Health: replication.HealthBackup, Following: true, Stale: true}
	parked := replication.Verdict{Health: replication.HealthBackup}
	for _, tt := range []struct {
		name    string
		verdict replication.Verdict
		leader  replication.Leader
		want    replication.ScoreChange
	}{
		{"active: keeps the promotion", replication.Verdict{Health: replication.HealthActive}, replication.Leader{}, replication.ScoreChange{Score: replication.ScoreActive}},
		{"busy while active: keeps the promotion", replication.Verdict{Health: replication.HealthActiveDegraded}, replication.Leader{}, replication.ScoreChange{Score: replication.ScoreActive}},
		{"follows the promoted node: preferred", following, leader(), replication.ScoreChange{Score: replication.ScoreFollowing}},
		{"follows, and the beats do not come: behind those that get them", stale, leader(), replication.ScoreChange{Score: replication.ScoreStale}},
		{"does not follow the promoted node: last", parked, leader(), replication.ScoreChange{Score: replication.ScoreLagging}},
		{"no node promoted: keeps what it earned", parked, replication.Leader{}, replication.ScoreChange{Keep: true}},
		{"stopped: cannot be promoted", replication.Verdict{Health: replication.HealthStopped}, replication.Leader{}, replication.ScoreChange{Clear: true}},
		{"failed: cannot be promoted", replication.Verdict{Health: replication.HealthFailed}, replication.Leader{}, replication.ScoreChange{Clear: true}},
		{"failed while active: cannot be promoted", replication.Verdict{Health: replication.HealthFailedActive}, replication.Leader{}, replication.ScoreChange{Clear: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, replication.Score(tt.verdict, tt.leader)); diff != "" {
				t.Errorf("score (-want +got):\n%s", diff)
			}
		})
	}
}
