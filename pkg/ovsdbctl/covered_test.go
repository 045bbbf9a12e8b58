package ovsdbctl_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// ours are the rows of an active node whose virtual address is 192.0.2.9.
func ours() []ovsdbctl.Connection {
	return []ovsdbctl.Connection{
		connection("clients", "ptcp:6642:192.0.2.9", time.Minute), connection("replication", "ptcp:6642:192.0.2.1", time.Minute),
	}
}

// The state is our two rows and one of an operator's, in either order. Outcome: the operator's row
// stays as it is, and ours stay where it does not serve for them.
func TestOperatorsRowTakesThePlaceOfThoseOfOursThatItServesFor(t *testing.T) {
	t.Parallel()
	const clients, replication = "ptcp:6642:192.0.2.9", "ptcp:6642:192.0.2.1"
	for target, left := range map[string][]string{
		"ptcp:6642":               nil,
		"ptcp:06642":              nil,
		"ptcp:6642:0.0.0.0":       nil,
		"ptcp:6642:[::]":          nil,
		"ptcp:6642:192.0.2.9":     {replication},
		"ptcp:6642:192.0.2.1":     {clients},
		"ptcp:6642:192.0.2.7":     {clients, replication},
		"ptcp:16642":              {clients, replication},
		"ptcp:6642:[2001:db8::9]": {clients, replication},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			for _, operatorIsFirst := range []bool{true, false} {
				server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
				store := mustOpen(t, server)
				mustEnsureGlobal(t, store)
				if !operatorIsFirst {
					if strings.HasPrefix(target, "ptcp:6642:192.0.2") {
						continue // the table cannot hold a target twice
					}
					mustEnsure(t, store, ours())
				}
				operatorRow(t, server, ovsdb.Row{"target": target, "role": "ovn-controller", "inactivity_probe": 7})
				mustEnsure(t, store, ours())
				wantTargets(t, server, append([]string{target}, left...)...)
				for _, row := range selectAll(within(t, testTimeout), t, server, ovsdbctl.ConnectionTable) {
					if row["target"] == target && (row["role"] != "ovn-controller" || row["inactivity_probe"] != 7.0) {
						t.Errorf("the operator's row became %v", row)
					}
				}
				if changed := mustEnsure(t, store, ours()); !cmp.Equal(changed, ovsdbctl.ConnectionChange{}) {
					t.Errorf("again: %+v", changed)
				}
			}
		})
	}
}

// The state is our rows and one on which the server would listen in the place of ours or of the
// node's other server. Outcome: that row is removed and named, and others stay.
func TestRowThatTakesThePortOfAnotherListenerIsRemoved(t *testing.T) {
	t.Parallel()
	for target, removed := range map[string]bool{
		"ptcp:6641":           true,
		"ptcp: 6641":          true,
		"pssl:6641":           true,
		"ptcp:6641:[::]":      true,
		"ptcp:6641:192.0.2.9": true,
		"ptcp:6641:192.0.2.7": false,
		"pssl:6642":           true,
		"pssl:6642:192.0.2.1": true,
		"pssl:6642:192.0.2.7": false,
		"pssl:16642":          false,
		"ssl:192.0.2.9:6641":  false,
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
			store := mustOpen(t, server)
			mustEnsureGlobal(t, store)
			operatorRow(t, server, ovsdb.Row{"target": target})
			changed, err := store.EnsureConnections(within(t, testTimeout), ours(), "ptcp:6641:192.0.2.9", "ptcp:6641:192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"ptcp:6642:192.0.2.1", "ptcp:6642:192.0.2.9"}
			if !removed {
				want = append(want, target)
			}
			wantTargets(t, server, want...)
			if got := len(changed.Removed) > 0; got != removed {
				t.Errorf("removed are %q", changed.Removed)
			}
		})
	}
}

// A role limits rows. The proof that a listener leads to an active server needs none.
func TestServerIsFoundWritableThroughAListenerWhoseRoleGrantsNothing(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	port := port(t)
	operatorRow(t, server, ovsdb.Row{"target": "ptcp:" + port, "role": "there-is-none"})
	mustEnsure(t, store, []ovsdbctl.Connection{connection("clients", "ptcp:"+port+":127.0.0.1", time.Minute)})
	if err := server.OpenConnections(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	session, err := ovsdbctl.Open(within(t, testTimeout), "tcp:127.0.0.1:"+port, ovsdbctl.Southbound())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if writable, err := session.Writable(within(t, testTimeout)); err != nil || !writable {
		t.Errorf("writable is %v, %v", writable, err)
	}
	if err := session.SetGlobal(within(t, testTimeout), map[string]string{"a": "b"}); err == nil || !strings.Contains(err.Error(), "permission error") {
		t.Errorf("a write by a role that grants nothing: %v", err)
	}
}

// Whoever may write rows can add as many as that.
func TestThousandsOfRowsOfClientsKeepOursFromNothing(t *testing.T) {
	t.Parallel()
	const rows = 8000
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	addTargets(t, server, rows)
	if changed := mustEnsure(t, store, ours()); len(changed.Ours) != 2 {
		t.Errorf("changed %+v", changed)
	}
	if changed := mustEnsure(t, store, ours()); !cmp.Equal(changed, ovsdbctl.ConnectionChange{}) {
		t.Errorf("again: %+v", changed)
	}
	if others, err := store.OtherTargets(within(t, testTimeout)); err != nil || len(others) != rows {
		t.Errorf("%d other targets, %v", len(others), err)
	}
}

// addTargets adds rows that are no port to listen on, in one transaction.
func addTargets(t *testing.T, server *ovsdbctltest.Server, n int) {
	t.Helper()
	operations := make([]any, 0, n+2)
	names := make([]any, 0, n)
	operations = append(operations, server.Database.Name)
	for i := range n {
		name := fmt.Sprintf("row%d", i)
		names = append(names, []any{"named-uuid", name})
		operations = append(operations, map[string]any{
			"op": "insert", "table": ovsdbctl.ConnectionTable, "uuid-name": name, "row": map[string]any{"target": name},
		})
	}
	operations = append(operations, map[string]any{
		"op": "mutate", "table": server.Database.GlobalTable, "where": []any{},
		"mutations": []any{[]any{"connections", "insert", []any{"set", names}}},
	})
	conn, err := net.Dial("unix", strings.TrimPrefix(server.Endpoint(), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := json.NewEncoder(conn).Encode(map[string]any{"id": 1, "method": "transact", "params": operations}); err != nil {
		t.Fatal(err)
	}
	var reply struct{ Error any }
	if err := json.NewDecoder(conn).Decode(&reply); err != nil || reply.Error != nil {
		t.Fatalf("%v, %v", reply.Error, err)
	}
}

func mustEnsure(t *testing.T, store *ovsdbctl.Store, want []ovsdbctl.Connection) ovsdbctl.ConnectionChange {
	t.Helper()
	changed, err := store.EnsureConnections(within(t, testTimeout), want)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// wantTargets checks the targets of all rows.
func wantTargets(t *testing.T, server *ovsdbctltest.Server, want ...string) {
	t.Helper()
	found := map[string]bool{}
	for _, row := range connectionRows(within(t, testTimeout), t, server) {
		found[row.Target] = true
	}
	wanted := map[string]bool{}
	for _, target := range want {
		wanted[target] = true
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("targets differ (-want +got):\n%s", diff)
	}
}
