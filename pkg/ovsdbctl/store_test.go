package ovsdbctl_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func assertWritable(t *testing.T, server *ovsdbctltest.Server, want bool) {
	t.Helper()
	got, err := mustOpen(t, server).Writable(within(t, testTimeout))
	if err != nil || got != want {
		t.Errorf("writable is %v, %v; want %v", got, err, want)
	}
}

func fileSize(t *testing.T, server *ovsdbctltest.Server) int64 {
	t.Helper()
	info, err := os.Stat(server.File)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestWritableReportsTheRoleAndWritesNothing(t *testing.T) {
	t.Parallel()
	for _, db := range []ovsdbctl.Database{ovsdbctl.Northbound(), ovsdbctl.Southbound()} {
		active := ovsdbctltest.Start(t, db)
		mark(t, active, "ptcp:1")
		standby := ovsdbctltest.Start(t, db, ovsdbctltest.SyncFrom(active.Endpoint()))
		awaitMark(t, standby, "ptcp:1")
		before := [2]int64{fileSize(t, active), fileSize(t, standby)}
		for range 3 {
			assertWritable(t, active, true)
			assertWritable(t, standby, false)
		}
		if after := [2]int64{fileSize(t, active), fileSize(t, standby)}; after != before {
			t.Errorf("%s: files grew from %v to %v bytes", db.Name, before, after)
		}
		mark(t, active, "ptcp:2") // shows that a write would have been seen
		if fileSize(t, active) == before[0] {
			t.Errorf("%s: file did not grow by a real write", db.Name)
		}
	}
}

// A role permits nothing to a client without a certificate (ovsdb/rbac.c). The server checks
// it before its own role, so that a write has the same result in both.
func TestSessionWhoseRoleMayWriteNothingSeesTheServersRole(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	mustEnsureGlobal(t, mustOpen(t, server))
	port := port(t)
	operatorRow(t, server, ovsdb.Row{"target": "ptcp:" + port + ":127.0.0.1", "role": "ovndb-servers-replication"})
	if err := server.OpenConnections(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	expect := func(want bool) {
		t.Helper()
		store, err := ovsdbctl.Open(within(t, testTimeout), "tcp:127.0.0.1:"+port, ovsdbctl.Southbound())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		var refused *ovsdbctl.TransactionError
		err = store.SetGlobal(within(t, testTimeout), map[string]string{"k": "v"})
		if !errors.As(err, &refused) || refused.Code != "permission error" {
			t.Errorf("a write: got %v, want a permission error", err)
		}
		if got, err := store.Writable(within(t, testTimeout)); err != nil || got != want {
			t.Errorf("writable is %v, %v; want %v", got, err, want)
		}
	}
	expect(true)
	mustFollow(t, server, nowhere)
	expect(false)
}

func TestSessionThatLivesThroughAChangeOfRoleSeesIt(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	expect := func(want bool) {
		t.Helper()
		if got, err := store.Writable(within(t, testTimeout)); err != nil || got != want {
			t.Errorf("writable is %v, %v; want %v", got, err, want)
		}
	}
	expect(true)
	mustFollow(t, server, nowhere)
	expect(false)
	mustActivate(t, server)
	expect(true)
}

func TestOpenOverTCP(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		port := port(t)
		ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+port+":"+host))
		store, err := ovsdbctl.Open(within(t, testTimeout), "tcp:"+host+":"+port, ovsdbctl.Northbound())
		if err != nil {
			t.Error(err)
			continue
		}
		defer store.Close()
		if writable, err := store.Writable(within(t, testTimeout)); err != nil || !writable {
			t.Errorf("%s: got %v, %v", host, writable, err)
		}
	}
}

func TestOpenOfAnUnusableEndpointSaysWhy(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	dead := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	dead.Kill(t)
	port := port(t)
	tests := []struct {
		name, endpoint string
		db             ovsdbctl.Database
		want           error
	}{
		{"dead server", dead.Endpoint(), ovsdbctl.Northbound(), ovsdbctl.ErrNotListening},
		{"no socket", "unix:/nonexistent", ovsdbctl.Northbound(), ovsdbctl.ErrNotListening},
		{"closed port", "tcp:127.0.0.1:" + port, ovsdbctl.Northbound(), ovsdbctl.ErrNotListening},
		{"closed port, IPv6", "tcp:[::1]:" + port, ovsdbctl.Northbound(), ovsdbctl.ErrNotListening},
		{"another database", server.Endpoint(), ovsdbctl.Southbound(), ovsdbctl.ErrNoDatabase},
		{"relative path", "unix:sock", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"no path", "unix:", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"no port", "tcp:127.0.0.1", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"no address", "tcp:", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"passive method", "ptcp:6641", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"nothing", "", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"ssl without port", "ssl:127.0.0.1", ovsdbctl.Northbound(), ovsdbctl.ErrBadArgument},
		{"ssl without files", "ssl:127.0.0.1:6641", ovsdbctl.Northbound(), ovsdbctl.ErrTLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store, err := ovsdbctl.Open(within(t, testTimeout), tt.endpoint, tt.db)
			if err == nil {
				store.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if text := err.Error(); !strings.Contains(text, tt.db.Name) || !strings.Contains(text, tt.endpoint) {
				t.Errorf("error names not both database and endpoint: %v", err)
			}
		})
	}
}

func TestOpenASocketWhosePathNeedsEscaping(t *testing.T) {
	t.Parallel()
	dir := ovsdbctltest.Dir(t)
	socket := dir + "/a%20b?c#d"
	ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("punix:"+socket))
	store, err := ovsdbctl.Open(within(t, testTimeout), "unix:"+socket, ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
}

func TestOpenOfABrokenPeerNamesTheFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer ovsdbctltest.Answer
		want   error
	}{
		{"never answers", ovsdbctltest.Silent(), context.DeadlineExceeded},
		{"closes at once", ovsdbctltest.Hangup(""), ovsdbctl.ErrNoAnswer},
		{"closes half-way", ovsdbctltest.Hangup(`{"id":1,"res`), ovsdbctl.ErrNoAnswer},
		{"answers garbage", ovsdbctltest.Text("HTTP/1.0 400 Bad Request\r\n"), ovsdbctl.ErrProtocol},
		{"answers an error", ovsdbctltest.Text(`{"id":1,"result":null,"error":"unknown method"}`), ovsdbctl.ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limit := testTimeout
			if errors.Is(tt.want, context.DeadlineExceeded) {
				limit = shortTimeout
			}
			_, err := ovsdbctl.Open(within(t, limit), "unix:"+ovsdbctltest.Fake(t, tt.answer), ovsdbctl.Northbound())
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if errors.Is(tt.want, context.DeadlineExceeded) && !errors.Is(err, ovsdbctl.ErrNoAnswer) {
				t.Errorf("got %v, want ErrNoAnswer", err)
			}
		})
	}
}

func TestStoppedServerGivesNoAnswer(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	server.Stop(t)
	_, statusErr := server.SyncStatus(within(t, shortTimeout))
	_, writableErr := store.Writable(within(t, shortTimeout))
	_, openErr := server.Open(within(t, shortTimeout))
	for name, err := range map[string]error{"SyncStatus": statusErr, "Writable": writableErr, "Open": openErr} {
		if !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want ErrNoAnswer and context.DeadlineExceeded", name, err)
		}
	}
	server.Continue(t)
	if _, err := store.Writable(within(t, testTimeout)); err != nil {
		t.Errorf("after it went on: %v", err)
	}
}

func TestSessionOfAServerThatDiedGivesNoAnswer(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	server.Kill(t)
	for range 3 {
		if _, err := store.Writable(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNoAnswer) {
			t.Errorf("got %v, want ErrNoAnswer", err)
		}
	}
	store.Close()
	store.Close()
}

func TestClosedSessionGivesNoAnswer(t *testing.T) {
	t.Parallel()
	store := mustOpen(t, ovsdbctltest.Start(t, ovsdbctl.Northbound()))
	store.Close()
	if _, err := store.Writable(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNoAnswer) {
		t.Errorf("got %v, want ErrNoAnswer", err)
	}
}
