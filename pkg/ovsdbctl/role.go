package ovsdbctl

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Follow makes the server a backup of source, a remote such as "tcp:192.0.2.1:6641"
// or "unix:/path". The server sends an echo to source after probe of silence; 0 means
// never, and it is rounded down to a millisecond.
//
// The server is read-only when Follow returns nil, and at no moment writable if it was a
// backup before. It need not have connected by then: source may be out of reach.
// Following the same source again copies all its data again, so check [Server.SyncStatus]
// first. The error is ErrNotApplied if the server does not report itself a backup of
// source afterwards.
func (s Server) Follow(ctx context.Context, source string, probe time.Duration) error {
	step := "change the source to " + strconv.Quote(source)
	if source == "" || strings.ContainsAny(source, " \t\r\n") {
		return s.failed(step, fmt.Errorf("%w: source", ErrBadArgument))
	}
	if probe < 0 {
		return s.failed(step, fmt.Errorf("%w: probe interval %v", ErrBadArgument, probe))
	}
	for _, command := range followCommands(source, probe) {
		if _, err := s.call(ctx, command[0], command[1:]...); err != nil {
			return s.failed(step, err)
		}
	}
	return s.confirm(ctx, step, func(status SyncStatus) bool { return status.Follows(source) })
}

// followCommands returns the commands that make a server replicate source. All three are
// always needed: from Open vSwitch 3.3 on the second has no effect on a server that is a
// backup already, and only the third makes it leave the old source
// (ovsdb_server_connect_active_ovsdb_server and
// ovsdb_server_set_active_ovsdb_server_probe_interval in ovsdb/ovsdb-server.c).
// Disconnecting first would also work, but leave it writable in between.
func followCommands(source string, probe time.Duration) [][]string {
	milliseconds := strconv.FormatInt(probe.Milliseconds(), 10)
	return [][]string{
		{"ovsdb-server/set-active-ovsdb-server", source},
		{"ovsdb-server/connect-active-ovsdb-server"},
		{"ovsdb-server/set-active-ovsdb-server-probe-interval", milliseconds},
	}
}

// SetSourceProbe makes a backup send an echo to its source after another time of silence, as given to
// [Server.Follow]. The session stays.
func (s Server) SetSourceProbe(ctx context.Context, probe time.Duration) error {
	if _, err := s.call(ctx, "ovsdb-server/set-active-ovsdb-server-probe-interval", strconv.FormatInt(probe.Milliseconds(), 10)); err != nil {
		return s.failed("change the probe interval of replication", err)
	}
	return nil
}

// Activate makes the server active, that is writable. The error is ErrNotApplied if the
// server does not report itself active afterwards.
func (s Server) Activate(ctx context.Context) error {
	const step = "change the role"
	if _, err := s.call(ctx, "ovsdb-server/disconnect-active-ovsdb-server"); err != nil {
		return s.failed(step, err)
	}
	return s.confirm(ctx, step, func(status SyncStatus) bool { return status.Role == RoleActive })
}

// Compact makes the server write its database as a new file in the place of the one that its database's name
// leads to, if any. The error is that of the call.
func (s Server) Compact(ctx context.Context) error {
	if _, err := s.call(ctx, "ovsdb-server/compact", s.Database.Name); err != nil {
		return s.failed("write the database file again", err)
	}
	return nil
}

// confirm checks that the server reports the status that a step should bring about: servers
// answer some commands as done without doing them. They change their state before they
// answer, so one check is enough.
func (s Server) confirm(ctx context.Context, step string, wanted func(SyncStatus) bool) error {
	status, err := s.SyncStatus(ctx)
	if err != nil {
		return s.failed(step, err)
	}
	if !wanted(status) {
		return s.failed(step, fmt.Errorf("%w: %s reports %q", ErrNotApplied, s.ControlSocket, status))
	}
	return nil
}
