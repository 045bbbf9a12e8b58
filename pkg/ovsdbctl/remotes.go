package ovsdbctl

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Remotes returns the connection methods on which the server listens or by which it
// connects, as given on its command line and to the add-remote command. A "db:" remote
// stands for the rows to which it refers.
func (s Server) Remotes(ctx context.Context) ([]string, error) {
	reply, err := s.call(ctx, "ovsdb-server/list-remotes")
	if err != nil {
		return nil, s.failed("list the remotes", err)
	}
	return strings.Fields(reply), nil
}

// OpenConnections makes the server listen on the targets of the database's Connection
// rows, now and as they change. It has no effect if the server already does. When it
// returns nil, the listeners of the rows that exist are open.
//
// A target that cannot be opened (a port in use, an address of another node) is no error:
// the server logs it and tries again.
func (s Server) OpenConnections(ctx context.Context) error {
	const step = "open the connections"
	if _, err := s.call(ctx, "ovsdb-server/add-remote", s.Database.ConnectionsRemote()); err != nil {
		return s.failed(step, err)
	}
	open, err := s.ConnectionsOpen(ctx)
	if err == nil && !open {
		err = fmt.Errorf("%w: %s does not list it", ErrNotApplied, s.ControlSocket)
	}
	if err != nil {
		return s.failed(step, err)
	}
	return nil
}

// CloseConnections closes the listeners of the database's Connection rows and the sessions
// that they accepted. It has no effect if they are closed already. When it returns nil,
// they are closed.
func (s Server) CloseConnections(ctx context.Context) error {
	open, err := s.ConnectionsOpen(ctx)
	if err == nil && open {
		err = s.removeConnections(ctx)
	}
	if err != nil {
		return s.failed("close the connections", err)
	}
	return nil
}

func (s Server) removeConnections(ctx context.Context) error {
	_, refused := s.call(ctx, "ovsdb-server/remove-remote", s.Database.ConnectionsRemote())
	open, err := s.ConnectionsOpen(ctx)
	switch {
	case err == nil && !open: // also if ours was refused because another one came first
		return nil
	case refused != nil:
		return refused
	case err != nil:
		return err
	default:
		return fmt.Errorf("%w: %s still lists it", ErrNotApplied, s.ControlSocket)
	}
}

// ConnectionsOpen reports whether the server listens where the database's Connection rows say: it
// lists their remote. A
// server answers add-remote and remove-remote before it opens or closes a listener, but in
// the same turn of its loop (main_loop in ovsdb/ovsdb-server.c), and reads the next command
// in a later one. So an answer also means that the listeners are as the list says.
func (s Server) ConnectionsOpen(ctx context.Context) (bool, error) {
	remotes, err := s.Remotes(ctx)
	return slices.Contains(remotes, s.Database.ConnectionsRemote()), err
}
