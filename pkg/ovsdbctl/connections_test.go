package ovsdbctl_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// transact executes a transaction as an operator does, with the client of Open vSwitch.
func transact(
	ctx context.Context, t *testing.T, server *ovsdbctltest.Server, operations ...ovsdb.Operation,
) []ovsdb.OperationResult {
	t.Helper()
	request, err := json.Marshal(ovsdb.NewTransactArgs(server.Database.Name, operations...))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(ctx, "ovsdb-client", "transact", server.Endpoint(), string(request)).Output()
	if err != nil {
		t.Fatalf("ovsdb-client: %v", err)
	}
	var results []ovsdb.OperationResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := ovsdb.CheckOperationResults(results, operations); err != nil {
		t.Fatalf("%v: %v", err, results)
	}
	return results
}

func everyRow() ovsdb.Condition {
	none := ovsdb.UUID{GoUUID: "00000000-0000-0000-0000-000000000000"}
	return ovsdb.NewCondition("_uuid", ovsdb.ConditionNotEqual, none)
}

func selectAll(ctx context.Context, t *testing.T, server *ovsdbctltest.Server, table string) []ovsdb.Row {
	t.Helper()
	return transact(ctx, t, server, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table})[0].Rows
}

// A row is the part of a Connection row that tests compare.
type row struct {
	Target, Purpose string
	Probe           any
}

// connectionRows returns the rows by target. A row that is not linked does not exist.
func connectionRows(ctx context.Context, t *testing.T, server *ovsdbctltest.Server) []row {
	t.Helper()
	var rows []row
	for _, found := range selectAll(ctx, t, server, ovsdbctl.ConnectionTable) {
		target, _ := found["target"].(string)
		ids, _ := found["external_ids"].(ovsdb.OvsMap)
		purpose, _ := ids.GoMap["ovndb-servers"].(string)
		got := row{Target: target, Purpose: purpose}
		if number, ok := found["inactivity_probe"].(float64); ok {
			got.Probe = int(number)
		}
		rows = append(rows, got)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Target, b.Target) })
	return rows
}

// operatorRow adds a Connection row as an operator would.
func operatorRow(t *testing.T, server *ovsdbctltest.Server, columns ovsdb.Row) {
	t.Helper()
	transact(within(t, testTimeout), t, server,
		ovsdb.Operation{Op: ovsdb.OperationInsert, Table: ovsdbctl.ConnectionTable, UUIDName: "new", Row: columns},
		ovsdb.Operation{
			Op: ovsdb.OperationMutate, Table: server.Database.GlobalTable, Where: []ovsdb.Condition{everyRow()},
			Mutations: []ovsdb.Mutation{{
				Column: "connections", Mutator: ovsdb.MutateOperationInsert, Value: ovsdb.UUID{GoUUID: "new"},
			}},
		})
}

func connection(purpose, target string, probe time.Duration) ovsdbctl.Connection {
	return ovsdbctl.Connection{Purpose: purpose, Target: target, InactivityProbe: probe}
}

func TestRowsBecomeTheWantedOnes(t *testing.T) {
	t.Parallel()
	for _, db := range []ovsdbctl.Database{ovsdbctl.Northbound(), ovsdbctl.Southbound()} {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			testRowsBecomeTheWantedOnes(t, db)
		})
	}
}

func testRowsBecomeTheWantedOnes(t *testing.T, db ovsdbctl.Database) {
	t.Helper()
	server := ovsdbctltest.Start(t, db)
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	steps := []struct {
		name string
		want []ovsdbctl.Connection
		rows []row
	}{
		{"none", nil, nil},
		{
			"two new ones",
			[]ovsdbctl.Connection{
				connection("clients", "ptcp:6641:[::1]", time.Minute),
				connection("replication", "ptcp:6641:192.0.2.1", 0),
			},
			[]row{{"ptcp:6641:192.0.2.1", "replication", 0}, {"ptcp:6641:[::1]", "clients", 60000}},
		},
		{
			"another probe interval",
			[]ovsdbctl.Connection{
				connection("clients", "ptcp:6641:[::1]", 1500*time.Millisecond),
				connection("replication", "ptcp:6641:192.0.2.1", 0),
			},
			[]row{{"ptcp:6641:192.0.2.1", "replication", 0}, {"ptcp:6641:[::1]", "clients", 1500}},
		},
		{
			"targets swapped",
			[]ovsdbctl.Connection{
				connection("clients", "ptcp:6641:192.0.2.1", time.Minute),
				connection("replication", "ptcp:6641:[::1]", time.Minute),
			},
			[]row{{"ptcp:6641:192.0.2.1", "clients", 60000}, {"ptcp:6641:[::1]", "replication", 60000}},
		},
		{
			"one taken over by another purpose",
			[]ovsdbctl.Connection{connection("other", "ptcp:6641:[::1]", time.Minute)},
			[]row{{"ptcp:6641:[::1]", "other", 60000}},
		},
		{"none any more", nil, nil},
	}
	for _, tt := range steps {
		if _, err := store.EnsureConnections(within(t, testTimeout), tt.want); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.rows, connectionRows(within(t, testTimeout), t, server)); diff != "" {
			t.Errorf("%s: rows differ (-want +got):\n%s", tt.name, diff)
		}
		size := fileSize(t, server)
		if _, err := store.EnsureConnections(within(t, testTimeout), tt.want); err != nil {
			t.Errorf("%s, again: %v", tt.name, err)
		}
		if fileSize(t, server) != size {
			t.Errorf("%s, again: wrote something", tt.name)
		}
	}
}

func TestOperatorsRowsAreLeftAlone(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	operatorRow(t, server, ovsdb.Row{"target": "ptcp:6642", "role": "ovn-controller"})
	operatorRow(t, server, ovsdb.Row{
		"target": "ptcp:16642", "inactivity_probe": 5,
		"external_ids": ovsdb.OvsMap{GoMap: map[any]any{"owner": "me"}},
	})
	operators := []row{{"ptcp:16642", "", 5}, {"ptcp:6642", "", nil}}
	steps := []struct {
		name string
		want []ovsdbctl.Connection
		rows []row
	}{
		{
			"one wanted has an operator's target",
			[]ovsdbctl.Connection{connection("clients", "ptcp:6642", time.Minute), connection("replication", "ptcp:7", 0)},
			[]row{operators[0], operators[1], {"ptcp:7", "replication", 0}},
		},
		{
			"ours is moved to an operator's target",
			[]ovsdbctl.Connection{connection("replication", "ptcp:16642", 0)},
			operators,
		},
		{"none wanted", nil, operators},
	}
	for _, tt := range steps {
		if _, err := store.EnsureConnections(within(t, testTimeout), tt.want); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.rows, connectionRows(within(t, testTimeout), t, server)); diff != "" {
			t.Errorf("%s: rows differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSecondRowOfOnePurposeIsDeleted(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	for _, target := range []string{"ptcp:1", "ptcp:2", "ptcp:3"} {
		operatorRow(t, server, ovsdb.Row{
			"target": target, "external_ids": ovsdb.OvsMap{GoMap: map[any]any{"ovndb-servers": "clients"}},
		})
	}
	want := []ovsdbctl.Connection{connection("clients", "ptcp:2", time.Second)}
	if _, err := store.EnsureConnections(within(t, testTimeout), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]row{{"ptcp:2", "clients", 1000}}, connectionRows(within(t, testTimeout), t, server)); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

func TestManyAtOnceAgreeOnTheRows(t *testing.T) {
	t.Parallel()
	const callers, rounds = 8, 10
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	mustEnsureGlobal(t, mustOpen(t, server))
	var stores []*ovsdbctl.Store
	for range callers {
		stores = append(stores, mustOpen(t, server))
	}
	wanted := []struct {
		want []ovsdbctl.Connection
		rows []row
	}{
		{
			[]ovsdbctl.Connection{connection("clients", "ptcp:1", 0), connection("replication", "ptcp:2", 0)},
			[]row{{"ptcp:1", "clients", 0}, {"ptcp:2", "replication", 0}},
		},
		{[]ovsdbctl.Connection{connection("other", "ptcp:2", 0)}, []row{{"ptcp:2", "other", 0}}},
	}
	for round := range rounds {
		tt := wanted[round%len(wanted)]
		results := make(chan error, callers)
		for _, store := range stores {
			go func() {
				_, err := store.EnsureConnections(within(t, testTimeout), tt.want)
				results <- err
			}()
		}
		for range callers {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(tt.rows, connectionRows(within(t, testTimeout), t, server)); diff != "" {
			t.Errorf("rows differ (-want +got):\n%s", diff)
		}
	}
}

func TestConnectionsThatCannotBeKeptAreRefused(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	fine := connection("clients", "ptcp:1", 0)
	for name, want := range map[string][]ovsdbctl.Connection{
		"no purpose":      {connection("", "ptcp:1", 0)},
		"no target":       {connection("clients", "", 0)},
		"same purpose":    {fine, connection("clients", "ptcp:2", 0)},
		"same target":     {fine, connection("replication", "ptcp:1", 0)},
		"negative probes": {connection("clients", "ptcp:1", -time.Second)},
	} {
		if _, err := store.EnsureConnections(within(t, testTimeout), want); !errors.Is(err, ovsdbctl.ErrBadArgument) {
			t.Errorf("%s: got %v, want ErrBadArgument", name, err)
		}
	}
	_, err := store.EnsureConnections(within(t, testTimeout), []ovsdbctl.Connection{fine})
	if !errors.Is(err, ovsdbctl.ErrNoGlobal) {
		t.Errorf("no global row: got %v, want ErrNoGlobal", err)
	}
}

func TestConnectionsOfABackupCannotBeChanged(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	mark(t, server, "ptcp:1")
	mustFollow(t, server, nowhere)
	store := mustOpen(t, server)
	same := []ovsdbctl.Connection{connection("mark", "ptcp:1", 0)}
	if _, err := store.EnsureConnections(within(t, testTimeout), same); err != nil {
		t.Errorf("no change: %v", err)
	}
	if _, err := store.EnsureConnections(within(t, testTimeout), nil); !errors.Is(err, ovsdbctl.ErrReadOnly) {
		t.Errorf("change: got %v, want ErrReadOnly", err)
	}
}

func TestListenersOpenAndCloseAndTakeTheirSessionsWithThem(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	local := filepath.Join(ovsdbctltest.Dir(t), "clients")
	port := port(t)
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	_, err := store.EnsureConnections(within(t, testTimeout), []ovsdbctl.Connection{
		connection("clients", "ptcp:"+port+":[::1]", time.Minute), connection("local", "punix:"+local, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if accepts(within(t, testTimeout), "unix", local) {
		t.Error("listens before it was opened")
	}

	if err := server.OpenConnections(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	var sessions []*ovsdbctl.Store
	for _, endpoint := range []string{"tcp:[::1]:" + port, "unix:" + local} {
		session, err := ovsdbctl.Open(within(t, testTimeout), endpoint, ovsdbctl.Northbound())
		if err != nil {
			t.Fatalf("right after the listeners were opened: %v", err)
		}
		sessions = append(sessions, session)
	}

	if err := server.CloseConnections(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	for _, session := range sessions {
		if _, err := session.Writable(within(t, testTimeout)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("session by a closed listener: got %v, want io.ErrUnexpectedEOF", err)
		}
		session.Close()
	}
	if accepts(within(t, testTimeout), "tcp", "[::1]:"+port) || accepts(within(t, testTimeout), "unix", local) {
		t.Error("still listens")
	}
	if _, err := store.Writable(within(t, testTimeout)); err != nil {
		t.Errorf("session on the server's own socket: %v", err)
	}
}

func TestRowsThatListenForClientsAreNotLeftReadOnly(t *testing.T) {
	t.Parallel()
	ctx := within(t, time.Minute)
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	ours := ovsdbctl.Connection{Purpose: "clients", Target: "ptcp:16641:127.0.0.1"}
	for _, want := range [][]ovsdbctl.Connection{{ours}, {{Purpose: "clients", Target: "ptcp:16642:127.0.0.1"}}} {
		if _, err := store.EnsureConnections(ctx, want); err != nil {
			t.Fatal(err)
		}
		transact(ctx, t, server, ovsdb.Operation{
			Op: ovsdb.OperationUpdate, Table: ovsdbctl.ConnectionTable, Where: []ovsdb.Condition{everyRow()}, Row: ovsdb.Row{"read_only": true},
		})
		if _, err := store.EnsureConnections(ctx, want); err != nil {
			t.Fatal(err)
		}
		for _, found := range selectAll(ctx, t, server, ovsdbctl.ConnectionTable) {
			if found["read_only"] != false {
				t.Errorf("row %v", found)
			}
		}
	}
}
