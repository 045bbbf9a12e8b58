package ovsdbctl

import (
	"context"
	"fmt"
	"strings"
)

// A Server is a running ovsdb-server that holds one database, known by the sockets it
// listens on. The commands are those of ovsdb-server(1), RUNTIME MANAGEMENT COMMANDS.
// A Server has no state: methods may be called concurrently.
type Server struct {
	Database      Database `json:"database"`
	ControlSocket string   `json:"control_socket"` // path of the unixctl socket
	DataSocket    string   `json:"data_socket"`    // path of the OVSDB socket
}

// SyncStatus returns the server's role and replication state.
func (s Server) SyncStatus(ctx context.Context) (SyncStatus, error) {
	reply, err := s.call(ctx, "ovsdb-server/sync-status")
	if err != nil {
		return SyncStatus{}, s.failed("read the role", err)
	}
	status, err := ParseSyncStatus(s.Database.Name, reply)
	if err != nil {
		return SyncStatus{}, fmt.Errorf("cannot understand %s: %w", s.ControlSocket, err)
	}
	return status, nil
}

// Version returns the version of Open vSwitch that the server is built from, such as
// "3.1.0".
func (s Server) Version(ctx context.Context) (string, error) {
	reply, err := s.call(ctx, "version")
	if err != nil {
		return "", s.failed("read the version", err)
	}
	// ovs_set_program_version in lib/util.c: "ovsdb-server (Open vSwitch) 3.1.0".
	first, _, _ := strings.Cut(reply, "\n")
	words := strings.Fields(first)
	if len(words) < 2 {
		return "", s.failed("read the version", fmt.Errorf("%w: %.200q", ErrProtocol, reply))
	}
	return words[len(words)-1], nil
}

// Exit asks the server to end. It returns when the server has agreed, which is before
// it has gone; a server that closes the connection instead of answering has agreed.
func (s Server) Exit(ctx context.Context) error {
	if err := (Unixctl{Socket: s.ControlSocket}).Exit(ctx); err != nil {
		return s.failed("end", err)
	}
	return nil
}

// ReopenLog makes the server open its log file anew, as needed after a rotation.
func (s Server) ReopenLog(ctx context.Context) error {
	if _, err := s.call(ctx, "vlog/reopen"); err != nil {
		return s.failed("reopen the log", err)
	}
	return nil
}

// Open connects to the server's data socket. See [Open].
func (s Server) Open(ctx context.Context) (*Store, error) {
	return Open(ctx, "unix:"+s.DataSocket, s.Database)
}

func (s Server) call(ctx context.Context, method string, params ...string) (string, error) {
	return Unixctl{Socket: s.ControlSocket}.Call(ctx, method, params...)
}

// failed says of which database's server a step failed. The socket is in err already.
func (s Server) failed(step string, err error) error {
	return fmt.Errorf("cannot %s of the %s server: %w", step, s.Database.Name, err)
}
