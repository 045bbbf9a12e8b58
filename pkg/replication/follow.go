package replication

import (
	"context"
	"errors"

	"ovndb-servers/pkg/process"
)

// follow points a server at source, whatever it was before, and checks it.
func (c *Controller) follow(ctx context.Context, u Unit, source string) error {
	return step(ctx, "make the "+u.Name()+" server a backup of "+source, u.Server.ControlSocket,
		func(ctx context.Context) error {
			return u.Server.Follow(ctx, source, c.Listening.ReplicationProbe)
		})
}

// makeBackup makes a server read-only first and then ends its clients'
// sessions, so that none of them stays on a server that refuses its writes.
func (c *Controller) makeBackup(ctx context.Context, u Unit) error {
	if err := c.follow(ctx, u, u.Endpoint.Parking()); err != nil {
		return err
	}
	return step(ctx, "close the listeners of the "+u.Name()+" server", u.Server.ControlSocket, u.Server.CloseConnections)
}

// Follow points this node's servers at the promoted node, which is expected to
// have published its address, or to do so within the time given.
func (c *Controller) Follow(ctx context.Context, promoted string) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	sources, err := c.sourcesOf(ctx, promoted)
	if err != nil {
		return err
	}
	if err := c.each(ctx, func(ctx context.Context, u Unit) error {
		return c.followIfRunning(ctx, u, sources[u.Name()])
	}); err != nil {
		return err
	}
	return c.promotion().drop()
}

func (c *Controller) followIfRunning(ctx context.Context, u Unit, source string) error {
	if _, err := u.Pidfile().Owner(); errors.Is(err, process.ErrNotRunning) {
		return nil
	}
	if err := c.follow(ctx, u, source); err != nil {
		return err
	}
	return u.Server.CloseConnections(ctx)
}
