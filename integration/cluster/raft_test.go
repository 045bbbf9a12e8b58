package cluster

import (
	"strings"
	"testing"
)

// memberText is the reply to cluster/status of a follower of Open vSwitch 3.5.0.
const memberText = `1dd7
Name: OVN_Northbound
Cluster ID: 1c5b (1c5b7e6f-3f0e-4b2a-8d3c-4e6d2f5a9b10)
Server ID: 1dd7 (1dd7e0c4-0f1c-4c65-9a27-3d1f5b8e6a21)
Address: tcp:198.18.201.12:6643
Status: cluster member
Role: follower
Term: 2
Leader: b8af
Vote: b8af

Election timer: 1000
Log: [2, 7]
Entries not yet committed: 0
Entries not yet applied: 0
Connections: ->b8af <-b8af <-0c4d ->0c4d
Disconnections: 0
Servers:
    b8af (b8af at tcp:198.18.201.11:6643) last msg 81 ms ago
    1dd7 (1dd7 at tcp:198.18.201.12:6643) (self)
    0c4d (0c4d at tcp:198.18.201.13:6643) last msg 812 ms ago
`

// leaderText is the same of the leader.
func leaderText() string {
	return strings.NewReplacer("Server ID: 1dd7 (1dd7", "Server ID: b8af (b8af", "Role: follower", "Role: leader", "Leader: b8af", "Leader: self").Replace(memberText)
}

func TestMemberIsReadFromItsStatus(t *testing.T) {
	t.Parallel()
	want := memberStatus{SID: "1dd7", Status: "cluster member", Role: "follower", Leader: "b8af", Uncommitted: "0", Servers: 3}
	if got := parseMember(memberText); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := parseMember(""); got != (memberStatus{}) {
		t.Errorf("%+v of nothing", got)
	}
}

func TestMembersAreSettledOnceAllFollowOneLeader(t *testing.T) {
	t.Parallel()
	leader, follower := parseMember(leaderText()), parseMember(memberText)
	if err := settledMembers([]memberStatus{leader, follower, follower}); err != nil {
		t.Errorf("settled members are refused: %v", err)
	}
	change := func(do func(*memberStatus)) memberStatus { changed := follower; do(&changed); return changed }
	for name, members := range map[string][]memberStatus{
		"no leader":           {follower, follower, follower},
		"one does not answer": {leader, follower, {}},
		"another leader":      {leader, follower, change(func(m *memberStatus) { m.Leader = "0c4d" })},
		"an election":         {leader, follower, change(func(m *memberStatus) { m.Leader = "unknown" })},
		"one joins":           {leader, follower, change(func(m *memberStatus) { m.Status = "joining cluster" })},
		"one knows two":       {leader, follower, change(func(m *memberStatus) { m.Servers = 2 })},
		"entries to commit":   {leader, follower, change(func(m *memberStatus) { m.Uncommitted = "3" })},
	} {
		if err := settledMembers(members); err == nil {
			t.Errorf("%s: taken for settled", name)
		}
	}
}
