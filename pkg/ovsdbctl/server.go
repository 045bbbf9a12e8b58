package ovsdbctl

import (
	"context"
	"fmt"
)

// A Server is a running ovsdb-server with one database, identified by its sockets. The
// commands are those of ovsdb-server(1), RUNTIME MANAGEMENT COMMANDS. A Server has no state:
// methods may be called concurrently.
type Server struct {
	Database      Database `json:"database"`
	ControlSocket string   `json:"control_socket"` // path of the unixctl socket
	DataSocket    string   `json:"data_socket"`    // path of the OVSDB socket
	// Peer, if set, is asked about the process that listens on a socket before anything is sent to
	// it.
	Peer PeerChecker `json:"-"`
	// channel, if set, carries the commands; else each has a connection of its own.
	channel *Channel
}

// OpenChannel connects to the server's control socket. See [Unixctl.Open].
func (s Server) OpenChannel(ctx context.Context) (*Channel, error) { return s.unixctl().Open(ctx) }

// Over returns the server with its commands sent over an open channel; nil is for none.
func (s Server) Over(c *Channel) Server {
	s.channel = c
	return s
}

// SyncStatus returns the server's role and replication state.
func (s Server) SyncStatus(ctx context.Context) (SyncStatus, error) {
	reply, err := s.call(ctx, "ovsdb-server/sync-status")
	if err != nil {
		return SyncStatus{}, s.failed("read the role", err)
	}
	status, err := ParseSyncStatus(s.Database.Name, reply)
	if err != nil {
		return SyncStatus{}, fmt.Errorf("cannot read the role at %s: %w", s.ControlSocket, err)
	}
	return status, nil
}

// Exit makes the server end. See [Unixctl.Exit].
func (s Server) Exit(ctx context.Context) error {
	if err := s.unixctl().Exit(ctx); err != nil {
		return s.failed("end", err)
	}
	return nil
}

// Open connects to the server's data socket. See [Open].
func (s Server) Open(ctx context.Context) (*Store, error) {
	return openStore(ctx, "unix:"+s.DataSocket, s.Database, trust{checker: s.Peer})
}

func (s Server) call(ctx context.Context, method string, params ...string) (string, error) {
	if s.channel != nil {
		return s.channel.Call(ctx, method, params...)
	}
	return s.unixctl().Call(ctx, method, params...)
}

func (s Server) unixctl() Unixctl { return Unixctl{Socket: s.ControlSocket, Peer: s.Peer} }

// failed adds the step and the database to err, which names the socket already.
func (s Server) failed(step string, err error) error {
	return fmt.Errorf("cannot %s of the %s server: %w", step, s.Database.Name, err)
}
