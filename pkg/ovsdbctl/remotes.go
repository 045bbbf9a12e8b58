package ovsdbctl

import (
	"context"
	"slices"
	"strings"
)

// Remotes returns what the server listens on and connects to, as its command line and
// the add-remote command name it. A "db:" remote stands for the rows it names.
func (s Server) Remotes(ctx context.Context) ([]string, error) {
	reply, err := s.call(ctx, "ovsdb-server/list-remotes")
	if err != nil {
		return nil, s.failed("list the remotes", err)
	}
	return strings.Fields(reply), nil
}

// OpenConnections makes the server listen on the targets of the database's Connection
// rows, now and as they change. It does nothing if the server already does.
//
// That a target could not be opened (a port in use, an address that is not here) is
// not an error: the server logs it, and tries again only when its remotes or the row
// change.
func (s Server) OpenConnections(ctx context.Context) error {
	if _, err := s.call(ctx, "ovsdb-server/add-remote", s.Database.ConnectionsRemote()); err != nil {
		return s.failed("open the connections", err)
	}
	return nil
}

// CloseConnections closes the listeners of the database's Connection rows and ends
// the sessions that came in by them. It does nothing if there are none.
func (s Server) CloseConnections(ctx context.Context) error {
	open, err := s.connectionsOpen(ctx)
	if err != nil || !open {
		return err
	}
	_, failure := s.call(ctx, "ovsdb-server/remove-remote", s.Database.ConnectionsRemote())
	if failure == nil {
		return nil
	}
	// Somebody else may have closed them since.
	if open, err := s.connectionsOpen(ctx); err == nil && !open {
		return nil
	}
	return s.failed("close the connections", failure)
}

func (s Server) connectionsOpen(ctx context.Context) (bool, error) {
	remotes, err := s.Remotes(ctx)
	return slices.Contains(remotes, s.Database.ConnectionsRemote()), err
}
