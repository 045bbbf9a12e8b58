package ovsdbctl_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestEmptyDatabaseGetsOneGlobalRow(t *testing.T) {
	t.Parallel()
	for _, db := range []ovsdbctl.Database{ovsdbctl.Northbound(), ovsdbctl.Southbound()} {
		server := ovsdbctltest.Start(t, db)
		store := mustOpen(t, server)
		if _, err := store.Global(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNoGlobal) {
			t.Errorf("%s: got %v, want ErrNoGlobal", db.Name, err)
		}
		mustEnsureGlobal(t, store)
		size := fileSize(t, server)
		mustEnsureGlobal(t, store)
		if fileSize(t, server) != size {
			t.Errorf("%s: second time wrote something", db.Name)
		}
		ids, err := store.Global(within(t, testTimeout))
		if diff := cmp.Diff(map[string]string{}, ids); diff != "" || err != nil {
			t.Errorf("%s: %v; external_ids differ (-want +got):\n%s", db.Name, err, diff)
		}
	}
}

func TestManyAtOnceOnAnEmptyDatabaseMakeOneGlobalRow(t *testing.T) {
	t.Parallel()
	const callers, rounds = 8, 5
	for range rounds {
		server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
		var stores []*ovsdbctl.Store
		for range callers {
			stores = append(stores, mustOpen(t, server))
		}
		results := make(chan error, callers)
		for _, store := range stores {
			go func() { results <- store.EnsureGlobal(within(t, testTimeout)) }()
		}
		for range callers {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if rows := selectAll(within(t, testTimeout), t, server, "SB_Global"); len(rows) != 1 {
			t.Errorf("got %d rows", len(rows))
		}
	}
}

func TestBackupWithoutAGlobalRowRefusesOne(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(nowhere))
	err := mustOpen(t, server).EnsureGlobal(within(t, testTimeout))
	if !errors.Is(err, ovsdbctl.ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
}

func TestBackupWithAGlobalRowIsLeftAlone(t *testing.T) {
	t.Parallel()
	active := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	mark(t, active, "ptcp:1")
	standby := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	awaitMark(t, standby, "ptcp:1")
	mustEnsureGlobal(t, mustOpen(t, standby))
}

func TestGlobalReturnsTheExternalIDs(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	for _, want := range []map[string]string{
		{"ovndb-servers:term": "7", "a": "", "empty string": "ü\n\"quoted\""},
		{"one": "pair"},
	} {
		ids := ovsdb.OvsMap{GoMap: map[any]any{}}
		for key, value := range want {
			ids.GoMap[key] = value
		}
		transact(within(t, testTimeout), t, server, ovsdb.Operation{
			Op: ovsdb.OperationUpdate, Table: "SB_Global", Row: ovsdb.Row{"external_ids": ids},
			Where: []ovsdb.Condition{everyRow()},
		})
		got, err := store.Global(within(t, testTimeout))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v; external_ids differ (-want +got):\n%s", err, diff)
		}
	}
}
