package control_test

import (
	"slices"
	"testing"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// From two nodes without data: a row of either database reaches the backup, which leads after a planned
// move and has it.
func TestInterconnectDatabasesAreReplicatedAndLedAsOVNs(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	first := controltest.NewNodeOf(t, c, process.PairInterconnect, "node1", "127.0.0.1", ports)
	second := controltest.NewNodeOf(t, c, process.PairInterconnect, "node2", "127.0.0.2", ports)
	ctx := testContext(t)
	must(t, first.Start(ctx))
	must(t, second.Start(ctx))
	must(t, first.Promote(ctx, replication.Participants{}))
	must(t, second.Follow(ctx, "node1"))
	inserts := []string{
		`["OVN_IC_Northbound",{"op":"insert","table":"Transit_Switch","row":{"name":"row"}}]`,
		`["OVN_IC_Southbound",{"op":"insert","table":"Availability_Zone","row":{"name":"row"}}]`,
	}
	selects := []string{
		`["OVN_IC_Northbound",{"op":"select","table":"Transit_Switch","where":[],"columns":["name"]}]`,
		`["OVN_IC_Southbound",{"op":"select","table":"Availability_Zone","where":[],"columns":["name"]}]`,
	}
	for i, u := range first.Units {
		transactOn(t, u, inserts[i])
		eventually(t, "the row on the backup", func() bool {
			return slices.Equal(parseNames(t, transactOn(t, second.Units[i], selects[i])), []string{"row"})
		})
	}
	must(t, first.Demote(ctx))
	must(t, second.Promote(ctx, replication.Participants{}))
	must(t, first.Follow(ctx, "node2"))
	wantHealth(t, second, replication.HealthActive)
	for i, u := range second.Units {
		if names := parseNames(t, transactOn(t, u, selects[i])); !slices.Equal(names, []string{"row"}) {
			t.Errorf("%s has %v", u.Name(), names)
		}
	}
}
