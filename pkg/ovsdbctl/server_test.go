package ovsdbctl_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestStartedServersReportTheirRole(t *testing.T) {
	t.Parallel()
	for _, db := range []ovsdbctl.Database{ovsdbctl.Northbound(), ovsdbctl.Southbound()} {
		active := ovsdbctltest.Start(t, db)
		status, err := active.SyncStatus(within(t, testTimeout))
		want := ovsdbctl.SyncStatus{Database: db.Name, Role: ovsdbctl.RoleActive}
		if diff := cmp.Diff(want, status); diff != "" || err != nil {
			t.Errorf("active: %v; status differs (-want +got):\n%s", err, diff)
		}
		standby := ovsdbctltest.Start(t, db, ovsdbctltest.SyncFrom(active.Endpoint()))
		status = standby.AwaitStatus(t, "the backup replicates", replicating)
		want = ovsdbctl.SyncStatus{
			Database: db.Name, Role: ovsdbctl.RoleBackup,
			Link: ovsdbctl.LinkReplicating, Source: active.Endpoint(),
		}
		if diff := cmp.Diff(want, status); diff != "" {
			t.Errorf("backup: status differs (-want +got):\n%s", diff)
		}
	}
}

func TestCommandsOfADeadServerNameTheDatabaseAndTheSocket(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	server.Kill(t)
	ctx := within(t, testTimeout)
	_, statusErr := server.SyncStatus(ctx)
	_, remotesErr := server.Remotes(ctx)
	_, openErr := server.Open(ctx)
	for name, err := range map[string]error{
		"SyncStatus": statusErr, "Remotes": remotesErr, "Open": openErr,
		"Follow": server.Follow(ctx, nowhere, probe), "Activate": server.Activate(ctx),
		"OpenConnections": server.OpenConnections(ctx), "CloseConnections": server.CloseConnections(ctx),
		"Exit": server.Exit(ctx),
	} {
		if !errors.Is(err, ovsdbctl.ErrNotListening) {
			t.Errorf("%s: got %v, want ErrNotListening", name, err)
			continue
		}
		socket := server.ControlSocket
		if name == "Open" {
			socket = server.DataSocket
		}
		if text := err.Error(); !strings.Contains(text, sb) || !strings.Contains(text, socket) {
			t.Errorf("%s: error names not both database and socket: %v", name, err)
		}
	}
}

func TestOpenAndCloseConnectionsCanBeRepeated(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	listens := func() bool {
		t.Helper()
		remotes, err := server.Remotes(within(t, testTimeout))
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(remotes, "db:OVN_Northbound,NB_Global,connections")
	}
	steps := []struct {
		name string
		step func(context.Context) error
		want bool
	}{
		{"close when closed", server.CloseConnections, false},
		{"open", server.OpenConnections, true},
		{"open when open", server.OpenConnections, true},
		{"close", server.CloseConnections, false},
		{"close again", server.CloseConnections, false},
	}
	for _, tt := range steps {
		if err := tt.step(within(t, testTimeout)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := listens(); got != tt.want {
			t.Errorf("%s: listens is %v", tt.name, got)
		}
	}
	remotes, err := server.Remotes(within(t, testTimeout))
	if diff := cmp.Diff([]string{"punix:" + server.DataSocket}, remotes); diff != "" || err != nil {
		t.Errorf("%v; remotes differ (-want +got):\n%s", err, diff)
	}
}

// A server refuses if it runs with --config-file, since Open vSwitch 3.3. One whose answer
// has no effect is made up.
func TestConnectionsThatDoNotOpenOrCloseAreReported(t *testing.T) {
	t.Parallel()
	const message = "Update the config file and use ovsdb-server/reload instead"
	db := ovsdbctl.Northbound()
	closeIt, openIt := ovsdbctl.Server.CloseConnections, ovsdbctl.Server.OpenConnections
	tests := []struct {
		name, remotes, refusal string
		step                   func(ovsdbctl.Server, context.Context) error
		notApplied             bool
	}{
		{"close is refused", db.ConnectionsRemote(), message, closeIt, false},
		{"close has no effect", db.ConnectionsRemote(), "", closeIt, true},
		{"open is refused", "", message, openIt, false},
		{"open has no effect", "punix:/x", "", openIt, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := ovsdbctl.Server{Database: db, ControlSocket: ovsdbctltest.Fake(t, ovsdbctltest.Reply(
				func(request ovsdbctltest.Request) (any, string) {
					if request.Method == "ovsdb-server/list-remotes" {
						return tt.remotes + "\n", ""
					}
					return "", tt.refusal
				}))}
			err := tt.step(server, within(t, testTimeout))
			var refused *ovsdbctl.CommandError
			if errors.Is(err, ovsdbctl.ErrNotApplied) != tt.notApplied || errors.As(err, &refused) == tt.notApplied {
				t.Errorf("got %v", err)
			}
		})
	}
}
