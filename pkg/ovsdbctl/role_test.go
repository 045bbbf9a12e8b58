package ovsdbctl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func mustFollow(t *testing.T, server *ovsdbctltest.Server, source string) {
	t.Helper()
	if err := server.Follow(within(t, testTimeout), source, probe); err != nil {
		t.Fatal(err)
	}
}

func mustActivate(t *testing.T, server *ovsdbctltest.Server) {
	t.Helper()
	if err := server.Activate(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
}

// mark puts a Connection row into the server's database, to tell databases apart.
func mark(t *testing.T, server *ovsdbctltest.Server, target string) {
	t.Helper()
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	want := []ovsdbctl.Connection{{Purpose: "mark", Target: target}}
	if _, err := store.EnsureConnections(within(t, testTimeout), want); err != nil {
		t.Fatal(err)
	}
}

func awaitMark(t *testing.T, server *ovsdbctltest.Server, target string) {
	t.Helper()
	ovsdbctltest.Await(t, "the row with "+target+" is replicated", func(ctx context.Context) bool {
		rows := connectionRows(ctx, t, server)
		return len(rows) == 1 && rows[0].Target == target
	})
}

func TestActiveThatFollowsAndIsActivatedAndFollowsAgain(t *testing.T) {
	t.Parallel()
	source := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	mark(t, source, "ptcp:1")
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	for range 2 {
		mustFollow(t, server, source.Endpoint())
		server.AwaitStatus(t, "the server replicates", replicating)
		awaitMark(t, server, "ptcp:1")
		assertWritable(t, server, false)

		mustActivate(t, server)
		mustActivate(t, server) // a second time changes nothing
		status, err := server.SyncStatus(within(t, testTimeout))
		want := ovsdbctl.SyncStatus{Database: nb, Role: ovsdbctl.RoleActive}
		if diff := cmp.Diff(want, status); diff != "" || err != nil {
			t.Errorf("%v; status differs (-want +got):\n%s", err, diff)
		}
		assertWritable(t, server, true)
	}
}

func TestRunningBackupThatFollowsAnotherServerLeavesTheFirst(t *testing.T) {
	t.Parallel()
	first, second := ovsdbctltest.Start(t, ovsdbctl.Southbound()), ovsdbctltest.Start(t, ovsdbctl.Southbound())
	mark(t, first, "ptcp:1")
	mark(t, second, "ptcp:2")
	standby := ovsdbctltest.Start(t, ovsdbctl.Southbound(), ovsdbctltest.SyncFrom(first.Endpoint()))
	awaitMark(t, standby, "ptcp:1")

	mustFollow(t, standby, second.Endpoint())
	status, err := standby.SyncStatus(within(t, testTimeout))
	if err != nil || !status.Follows(second.Endpoint()) {
		t.Fatalf("right after: got %v, %v", status, err)
	}
	awaitMark(t, standby, "ptcp:2")
	mark(t, second, "ptcp:3")
	awaitMark(t, standby, "ptcp:3")
}

func TestBackupThatFollowsAnUnreachableSourceStaysABackup(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		nowhere, "tcp:[2001:db8::1]:6641", "tcp:127.0.0.1:1", "unix:/nonexistent/socket", "nonsense:1",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
			mustFollow(t, server, source)
			status, err := server.SyncStatus(within(t, testTimeout))
			if err != nil || !status.Follows(source) || replicating(status) {
				t.Errorf("got %v, %v", status, err)
			}
			assertWritable(t, server, false)
		})
	}
}

// This is why a caller must watch for changes of role that it did not request.
func TestBackupThatFollowsItselfTurnsActive(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(nowhere))
	err := server.Follow(within(t, testTimeout), server.Endpoint(), probe)
	if err != nil && !errors.Is(err, ovsdbctl.ErrNotApplied) { // it may be noticed at once
		t.Fatal(err)
	}
	server.AwaitStatus(t, "the server turns active by itself", func(status ovsdbctl.SyncStatus) bool {
		return status.Role == ovsdbctl.RoleActive
	})
	mustFollow(t, server, nowhere)
	assertWritable(t, server, false)
}

func TestFollowRefusesArgumentsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	tests := []struct {
		source string
		probe  time.Duration
	}{{"", probe}, {"tcp:192.0.2.1:6641\nstate: active", probe}, {"tcp: 192.0.2.1", probe}, {nowhere, -time.Second}}
	for _, tt := range tests {
		if err := server.Follow(within(t, testTimeout), tt.source, tt.probe); !errors.Is(err, ovsdbctl.ErrBadArgument) {
			t.Errorf("%q, %v: got %v, want ErrBadArgument", tt.source, tt.probe, err)
		}
	}
	status, err := server.SyncStatus(within(t, testTimeout))
	if err != nil || status.Role != ovsdbctl.RoleActive {
		t.Errorf("server was changed: %v, %v", status, err)
	}
}

// A newServer behaves as ovsdb-server does from Open vSwitch 3.3 on.
type newServer struct {
	mu                      sync.Mutex
	backup                  bool
	configured, source, ran string
	probe                   string
}

func (s *newServer) handle(request ovsdbctltest.Request) (any, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	command := strings.TrimPrefix(request.Method, "ovsdb-server/")
	s.ran += command + "\n"
	switch command {
	case "set-active-ovsdb-server":
		s.configured = request.Params[0]
	case "connect-active-ovsdb-server":
		if !s.backup {
			s.backup, s.source = true, s.configured
		}
	case "set-active-ovsdb-server-probe-interval":
		s.probe, s.source = request.Params[0], s.configured
	case "sync-status":
		return fmt.Sprintf("database: %s\nstate: backup\nconnecting: %s\n", nb, s.source), ""
	}
	return "", ""
}

func TestNewServerThatIsABackupAlreadyChangesItsSource(t *testing.T) {
	t.Parallel()
	fake := &newServer{backup: true, configured: "tcp:192.0.2.1:6641", source: "tcp:192.0.2.1:6641"}
	server := ovsdbctl.Server{
		Database:      ovsdbctl.Northbound(),
		ControlSocket: ovsdbctltest.Fake(t, ovsdbctltest.Reply(fake.handle)),
	}
	if err := server.Follow(within(t, testTimeout), nowhere, 90*time.Second); err != nil {
		t.Fatal(err)
	}
	want := "set-active-ovsdb-server\nconnect-active-ovsdb-server\nset-active-ovsdb-server-probe-interval\nsync-status\n"
	if diff := cmp.Diff(want, fake.ran); diff != "" {
		t.Errorf("commands differ (-want +got):\n%s", diff)
	}
	if fake.source != nowhere || fake.probe != "90000" {
		t.Errorf("source is %q, probe interval %q", fake.source, fake.probe)
	}
}

func TestServerThatAnswersButDoesNotChangeIsReported(t *testing.T) {
	t.Parallel()
	for status, change := range map[string]func(ovsdbctl.Server, context.Context) error{
		"state: active\n": follow,
		"state: backup\nconnecting: tcp:192.0.2.1:6641\n":               follow,
		"database: " + nb + "\nstate: backup\nnot connected to tcp:x\n": ovsdbctl.Server.Activate,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			server := ovsdbctl.Server{
				Database: ovsdbctl.Northbound(),
				ControlSocket: ovsdbctltest.Fake(t, ovsdbctltest.Reply(
					func(ovsdbctltest.Request) (any, string) { return status, "" })),
			}
			if err := change(server, within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNotApplied) {
				t.Errorf("got %v, want ErrNotApplied", err)
			}
		})
	}
}

func follow(server ovsdbctl.Server, ctx context.Context) error { //nolint:revive // a method expression's order
	return server.Follow(ctx, nowhere, probe)
}
