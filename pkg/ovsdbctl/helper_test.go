package ovsdbctl_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

const (
	// testTimeout bounds a test that hangs; no test depends on its length.
	testTimeout = 30 * time.Second
	// shortTimeout is the deadline of calls that must exceed it.
	shortTimeout = 150 * time.Millisecond
	// nowhere is a source that cannot be reached: an address of RFC 5737.
	nowhere = "tcp:192.0.2.254:6641"
	probe   = time.Minute
)

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func mustOpen(t *testing.T, server *ovsdbctltest.Server) *ovsdbctl.Store {
	t.Helper()
	store, err := server.Open(within(t, testTimeout))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func mustEnsureGlobal(t *testing.T, store *ovsdbctl.Store) {
	t.Helper()
	if err := store.EnsureGlobal(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
}

// accepts reports whether a process listens.
func accepts(ctx context.Context, network, address string) bool {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func port(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(int(ovsdbctltest.Port(t)))
}

func replicating(status ovsdbctl.SyncStatus) bool {
	return status.Link == ovsdbctl.LinkReplicating
}
