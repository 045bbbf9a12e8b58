package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// setConnection replaces all Connection rows of a unit by one, as ovn-sbctl set-connection does.
func setConnection(t *testing.T, u control.Unit, columns string) {
	t.Helper()
	table := u.Server.Database.GlobalTable
	transactOn(t, u, fmt.Sprintf(`[%q,{"op":"insert","table":"Connection","uuid-name":"c","row":%s},`+
		`{"op":"update","table":%q,"where":[],"row":{"connections":["named-uuid","c"]}}]`, u.Name(), columns, table))
}

// delConnections removes all Connection rows of a unit, as ovn-sbctl del-connection does.
func delConnections(t *testing.T, u control.Unit) {
	t.Helper()
	transactOn(t, u, fmt.Sprintf(`[%q,{"op":"update","table":%q,"where":[],"row":{"connections":["set",[]]}}]`, u.Name(), u.Server.Database.GlobalTable))
}

// targets returns the targets of a unit's Connection rows, sorted.
func targets(t *testing.T, u control.Unit) []string {
	t.Helper()
	reply := transactOn(t, u, fmt.Sprintf(`[%q,{"op":"select","table":"Connection","where":[],"columns":["target"]}]`, u.Name()))
	var results []struct{ Rows []struct{ Target string } }
	must(t, json.Unmarshal(reply, &results))
	var found []string
	for _, row := range results[0].Rows {
		found = append(found, row.Target)
	}
	slices.Sort(found)
	return found
}

func wantTargets(t *testing.T, u control.Unit, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := targets(t, u); !slices.Equal(got, want) {
		t.Errorf("%s listens on %q, want %q", u.Name(), got, want)
	}
}

// ownTargets returns the targets of the agent's own rows.
func ownTargets(c *control.Controller, u control.Unit) []string {
	var own []string
	for _, connection := range c.Listening.Connections(u.Endpoint) {
		own = append(own, connection.Target)
	}
	return own
}

// liveMarkers returns the markers in a node's databases.
func liveMarkers(t *testing.T, c *control.Controller) map[string]*replication.Marker {
	t.Helper()
	return c.Markers(testContext(t), c.Observe(testContext(t), c.LiveView()).Servers)
}

// writeBy writes a row of the southbound database through a TCP listener and returns the reply.
func writeBy(t *testing.T, endpoint string) string {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", endpoint,
		`["OVN_Southbound",{"op":"insert","table":"Chassis_Private","row":{"name":"stranger"}}]`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// The state is an operator's row for the port of the southbound database, with a role. Outcome: it is
// the one that clients and backups reach the server by after each of three promotions.
func TestRoleInAnOperatorsRowHoldsThroughPromotions(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	sb := trio.nodes[0].Units[1]
	target := fmt.Sprintf("ptcp:%d", sb.Endpoint.Port)
	setConnection(t, sb, `{"target":"`+target+`","role":"ovn-controller","inactivity_probe":60000}`)
	for _, backup := range trio.nodes[1:] {
		eventually(t, "node "+backup.Node+" to receive the row, by its listener", func() bool {
			return slices.Equal(targets(t, backup.Units[1]), []string{target})
		})
	}
	for i := range 3 {
		led, next := trio.nodes[i%3], trio.nodes[(i+1)%3]
		must(t, led.Demote(testContext(t)))
		eventually(t, "node "+next.Node+" to receive the last beat", func() bool { return cmp.Equal(liveMarkers(t, next), liveMarkers(t, led)) })
		must(t, led.CloseListeners(testContext(t))) // the nodes of a test share their ports
		must(t, next.Promote(testContext(t), replication.Participants{}))
		wantHealth(t, next, replication.HealthActive)
		wantTargets(t, next.Units[1], target)
		reply := writeBy(t, fmt.Sprintf("tcp:127.0.0.9:%d", sb.Endpoint.Port))
		if !strings.Contains(reply, "permission error") || !strings.Contains(reply, "ovn-controller") {
			t.Errorf("a client without a certificate wrote: %s", reply)
		}
		for _, backup := range []*control.Controller{led, trio.nodes[(i+2)%3]} {
			must(t, backup.Follow(testContext(t), next.Node))
			eventually(t, "node "+backup.Node+" to replicate through the operator's row", func() bool {
				return status(t, backup.Units[0]).Link == ovsdbctl.LinkReplicating && status(t, backup.Units[1]).Link == ovsdbctl.LinkReplicating
			})
		}
	}
}

// The state is a row in each database for the port of the other one. Outcome: the promotion succeeds,
// without these rows.
func TestRowsForThePortOfTheOtherDatabaseEndNoPromotion(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led, next := trio.nodes[0], trio.nodes[1]
	for i, u := range led.Units {
		transactOn(t, u, fmt.Sprintf(`[%q,{"op":"insert","table":"Connection","uuid-name":"c","row":{"target":"ptcp:%d"}},`+
			`{"op":"mutate","table":%q,"where":[],"mutations":[["connections","insert",["named-uuid","c"]]]}]`,
			u.Name(), led.Units[1-i].Endpoint.Port, u.Server.Database.GlobalTable))
	}
	must(t, led.Demote(testContext(t)))
	must(t, led.CloseListeners(testContext(t)))
	must(t, next.Promote(testContext(t), replication.Participants{}))
	for _, u := range next.Units {
		wantTargets(t, u, ownTargets(next, u)...)
	}
}

// keep has a node that leads look at its listeners once.
func keep(t *testing.T, c *control.Controller) []string {
	t.Helper()
	own, err := c.OwnTerm()
	must(t, err)
	return c.KeepListeners(testContext(t), *own, func() bool { return true })
}

// reaches reports whether a server answers at its virtual and at its node's own address.
func reaches(t *testing.T, c *control.Controller) bool {
	t.Helper()
	return c.ProveListeners(within(t, 2*time.Second)) == nil
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// The state is a node that leads, and each change that clients can make to its rows and listeners. Outcome:
// one look names the change and undoes it, and the next one finds none.
func TestRowsAndListenersThatClientsChangeAreBackAfterOneLook(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(t *testing.T, u control.Unit)
		reason string
	}{
		"all rows removed": {delConnections, "were removed or changed by a client"},
		"rows overwritten": {func(t *testing.T, u control.Unit) {
			t.Helper()
			setConnection(t, u, `{"target":"ptcp:1:127.0.0.9"}`)
		}, "were removed or changed by a client"},
		"read-only and with a role": {func(t *testing.T, u control.Unit) {
			t.Helper()
			transactOn(t, u, `["OVN_Southbound",{"op":"update","table":"Connection","where":[],"row":{"read_only":true,"role":"x"}}]`)
		}, "were removed or changed by a client"},
		"listeners closed": {func(t *testing.T, u control.Unit) {
			t.Helper()
			must(t, u.Server.CloseConnections(testContext(t)))
		}, "were closed by a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
			must(t, node.Start(testContext(t)))
			must(t, node.Promote(testContext(t), replication.Participants{}))
			defer node.KeepSessions()()
			if found := keep(t, node); len(found) > 0 {
				t.Fatalf("at rest: %q", found)
			}
			sb := node.Units[1]
			tt.change(t, sb)
			if found := keep(t, node); len(found) != 1 || !strings.Contains(found[0], tt.reason) || !strings.Contains(found[0], "OVN_Southbound") {
				t.Errorf("found %q, want %q", found, tt.reason)
			}
			if found := keep(t, node); len(found) > 0 {
				t.Errorf("afterwards: %q", found)
			}
			if err := node.ProveListeners(testContext(t)); err != nil {
				t.Error(err)
			}
			if reply := writeBy(t, fmt.Sprintf("tcp:127.0.0.9:%d", sb.Endpoint.Port)); strings.Contains(reply, "error") {
				t.Errorf("clients cannot write: %s", reply)
			}
		})
	}
}

// Up to Open vSwitch 3.2 a listener keeps the role with which it was opened.
func TestRoleThatAnOperatorChangesReachesTheListener(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	defer node.KeepSessions()()
	sb := node.Units[1]
	target, endpoint := fmt.Sprintf("ptcp:%d", sb.Endpoint.Port), fmt.Sprintf("tcp:127.0.0.9:%d", sb.Endpoint.Port)
	setConnection(t, sb, `{"target":"`+target+`"}`)
	if found := keep(t, node); len(found) > 0 {
		t.Errorf("an operator's row that serves: %q", found)
	}
	setConnection(t, sb, `{"target":"`+target+`","role":"ovn-controller"}`)
	keep(t, node)
	if reply := writeBy(t, endpoint); !strings.Contains(reply, "permission error") {
		t.Errorf("the listener lets a client write: %s", reply)
	}
	if found := keep(t, node); len(found) > 0 {
		t.Errorf("again: %q", found)
	}
	wantTargets(t, sb, target)
}

// The state is a node whose rows were removed while it leads no more, or while an action is under way
// on it. Outcome: a look changes nothing.
func TestRowsArePutBackOnlyByANodeThatLeadsAndDoesNothingElse(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led := trio.nodes[0]
	own, err := led.OwnTerm()
	must(t, err)
	delConnections(t, led.Units[0])
	lock, err := os.OpenFile(filepath.Join(led.RunDir, "lock"), os.O_RDWR, 0)
	must(t, err)
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	led.KeepListeners(testContext(t), *own, func() bool { return true })
	wantTargets(t, led.Units[0])
	must(t, lock.Close())
	must(t, led.Demote(testContext(t)))
	led.KeepListeners(testContext(t), *own, func() bool { return true })
	if reaches(t, led) {
		t.Error("a backup listens")
	}
}

// The state is an active with a role for clients, which a client changes. Outcome: the role is back
// after one look; nothing can be written through the row for backups, which replicate nevertheless.
func TestRolesOfTheAgentsOwnRowsHold(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	node1, node2 := controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	sb := &node1.Units[1]
	sb.Endpoint.Role = "ovn-controller"
	must(t, node1.Start(testContext(t)))
	must(t, node2.Start(testContext(t)))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	defer node1.KeepSessions()()
	wantRefused := func(address, role string) {
		t.Helper()
		if reply := writeBy(t, fmt.Sprintf("tcp:%s:%d", address, sb.Endpoint.Port)); !strings.Contains(reply, `role \"`+role+`\" prohibit`) {
			t.Errorf("a write through %s: %s", address, reply)
		}
	}
	wantRefused("127.0.0.9", "ovn-controller")
	wantRefused("127.0.0.1", "ovndb-replication")
	transactOn(t, *sb, `["OVN_Southbound",{"op":"update","table":"Connection","where":[],"row":{"role":""}}]`)
	if found := keep(t, node1); len(found) != 1 {
		t.Errorf("found %q", found)
	}
	wantRefused("127.0.0.9", "ovn-controller")
	must(t, node2.Follow(testContext(t), "node1"))
	transactOn(t, *sb, `["OVN_Southbound",{"op":"insert","table":"Chassis_Private","row":{"name":"by the local socket"}}]`)
	eventually(t, "the backup to receive the row", func() bool {
		reply := transactOn(t, node2.Units[1], `["OVN_Southbound",{"op":"select","table":"Chassis_Private","where":[]}]`)
		return strings.Contains(string(reply), "by the local socket")
	})
}
