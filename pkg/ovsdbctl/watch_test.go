package ovsdbctl_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// A watch is a running WatchGlobal.
type watch struct {
	updates chan map[string]string
	ended   chan error
}

func startWatch(ctx context.Context, t *testing.T, store *ovsdbctl.Store) watch {
	t.Helper()
	w := watch{updates: make(chan map[string]string), ended: make(chan error, 1)}
	go func() { w.ended <- store.WatchGlobal(ctx, w.updates) }()
	return w
}

// next asserts that the next update is want.
func (w watch) next(t *testing.T, want map[string]string) {
	t.Helper()
	select {
	case got := <-w.updates:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("update differs (-want +got):\n%s", diff)
		}
	case err := <-w.ended:
		t.Fatalf("ended: %v", err)
	case <-within(t, testTimeout).Done():
		t.Fatal("no update")
	}
}

func (w watch) end(t *testing.T, want error) {
	t.Helper()
	select {
	case err := <-w.ended:
		if !errors.Is(err, want) {
			t.Errorf("ended with %v, want %v", err, want)
		}
	case <-within(t, testTimeout).Done():
		t.Fatal("it has not ended")
	}
}

func setIDs(t *testing.T, server *ovsdbctltest.Server, ids map[any]any) {
	t.Helper()
	transact(within(t, testTimeout), t, server, ovsdb.Operation{
		Op: ovsdb.OperationUpdate, Table: server.Database.GlobalTable, Where: []ovsdb.Condition{everyRow()},
		Row: ovsdb.Row{"external_ids": ovsdb.OvsMap{GoMap: ids}},
	})
}

func deleteGlobal(server *ovsdbctltest.Server) ovsdb.Operation {
	return ovsdb.Operation{Op: ovsdb.OperationDelete, Table: server.Database.GlobalTable, Where: []ovsdb.Condition{everyRow()}}
}

func TestWatchOfAnEmptyDatabaseSendsEveryChangeOfTheGlobalRow(t *testing.T) {
	t.Parallel()
	for _, db := range []ovsdbctl.Database{ovsdbctl.Northbound(), ovsdbctl.Southbound()} {
		server := ovsdbctltest.Start(t, db)
		store := mustOpen(t, server)
		w := startWatch(within(t, testTimeout), t, mustOpen(t, server))
		w.next(t, nil)
		mustEnsureGlobal(t, store)
		w.next(t, map[string]string{})
		if err := store.SetGlobal(within(t, testTimeout), map[string]string{"beat": "1", "x": "y"}); err != nil {
			t.Fatal(err)
		}
		w.next(t, map[string]string{"beat": "1", "x": "y"})
		setIDs(t, server, map[any]any{"beat": "2"})
		w.next(t, map[string]string{"beat": "2"})
		transact(within(t, testTimeout), t, server, deleteGlobal(server), ovsdb.Operation{
			Op: ovsdb.OperationInsert, Table: db.GlobalTable, Row: ovsdb.Row{"external_ids": ovsdb.OvsMap{GoMap: map[any]any{"new": "row"}}},
		})
		w.next(t, map[string]string{"new": "row"})
		transact(within(t, testTimeout), t, server, deleteGlobal(server))
		w.next(t, nil)
	}
}

func TestWatchOfAWrittenDatabaseBeginsWithItsContent(t *testing.T) {
	t.Parallel()
	port := port(t)
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+port+":127.0.0.1"))
	mustEnsureGlobal(t, mustOpen(t, server))
	setIDs(t, server, map[any]any{"beat": "1"})
	store, err := ovsdbctl.Open(within(t, testTimeout), "tcp:127.0.0.1:"+port, ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	first, second := startWatch(within(t, testTimeout), t, store), startWatch(within(t, testTimeout), t, store)
	for _, w := range []watch{first, second} {
		w.next(t, map[string]string{"beat": "1"})
	}
	setIDs(t, server, map[any]any{"beat": "2"})
	for _, w := range []watch{first, second} {
		w.next(t, map[string]string{"beat": "2"})
	}
	if writable, err := store.Writable(within(t, testTimeout)); err != nil || !writable {
		t.Errorf("a call meanwhile: got %v, %v", writable, err)
	}
}

func TestWatchOfABackupSendsTheChangesOfItsSource(t *testing.T) {
	t.Parallel()
	active := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	mustEnsureGlobal(t, mustOpen(t, active))
	backup := ovsdbctltest.Start(t, ovsdbctl.Southbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	backup.AwaitStatus(t, "the backup replicates", replicating)
	w := startWatch(within(t, testTimeout), t, mustOpen(t, backup))
	w.next(t, map[string]string{})
	setIDs(t, active, map[any]any{"beat": "1"})
	w.next(t, map[string]string{"beat": "1"})
}

func TestWatchWhoseReceiverFallsBehindSendsTheLatestContent(t *testing.T) {
	t.Parallel()
	const writes = 200
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	w := startWatch(within(t, testTimeout), t, store)
	w.next(t, map[string]string{})
	for i := range writes {
		if err := store.SetGlobal(within(t, testTimeout), map[string]string{"beat": strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	// The reply to the last write came after the update that it caused.
	received := 0
	for last := ""; last != strconv.Itoa(writes-1); received++ {
		select {
		case ids := <-w.updates:
			last = ids["beat"]
		case err := <-w.ended:
			t.Fatal(err)
		}
	}
	if received > 2 {
		t.Errorf("received %d updates, want the latest, and at most one before it", received)
	}
}

func TestWatchEndsWithItsContextAndLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	for range 2 {
		ctx, cancel := context.WithCancel(within(t, testTimeout))
		w := startWatch(ctx, t, store)
		w.next(t, map[string]string{})
		cancel()
		w.end(t, context.Canceled)
	}
	setIDs(t, server, map[any]any{"beat": "1"})
	ids, err := store.Global(within(t, testTimeout))
	if diff := cmp.Diff(map[string]string{"beat": "1"}, ids); diff != "" || err != nil {
		t.Errorf("%v; external_ids differ (-want +got):\n%s", err, diff)
	}
}

func TestWatchEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *ovsdbctltest.Server, *ovsdbctl.Store){
		"the server is killed": func(t *testing.T, server *ovsdbctltest.Server, _ *ovsdbctl.Store) { t.Helper(); server.Kill(t) },
		"the store is closed":  func(_ *testing.T, _ *ovsdbctltest.Server, store *ovsdbctl.Store) { store.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
			store := mustOpen(t, server)
			w := startWatch(within(t, testTimeout), t, store)
			w.next(t, nil)
			end(t, server, store)
			w.end(t, ovsdbctl.ErrNoAnswer)
		})
	}
}

func TestWatchOfAPeerThatSendsNonsenseEndsWithAProtocolError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"id":null,"method":"update","params":["2",{"NB_Global":1}]}`,
		`{"id":null,"method":"update","params":["2",{"NB_Global":{"x":{"new":{"external_ids":["set"]}}}}]}`,
		`{"id":null,"method":"update","params":["2",[]]}`,
		`{"id":null,"method":"update","params":["2"]}`,
		`{"id":null,"method":"update","params":{}}`,
		`{"id":null,"method":"update"}`,
	} {
		store := openPeer(t, func(p peer) {
			p.next()
			p.send(`{"id":3,"result":{"NB_Global":{"x":{"new":{"external_ids":["map",[["k","v"]]]}}}}}`)
			p.send(`{"id":null,"method":"update","params":["7",1]}{"id":null,"method":"locked","params":["x"]}`) // not for this one
			p.send(text)
			p.next()
		})
		updates := make(chan map[string]string, 2)
		if err := store.WatchGlobal(within(t, testTimeout), updates); !errors.Is(err, ovsdbctl.ErrProtocol) {
			t.Errorf("%s: got %v, want ErrProtocol", text, err)
		}
	}
}
