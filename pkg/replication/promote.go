package replication

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
)

// A listener that has been opened answers at once, or it is not this server's: the
// proof gets this part of the time that is left, and at most this long, so that
// another node can be promoted instead.
const (
	proofShare = 0.4
	proofMost  = 10 * time.Second
)

// ErrServerDown is returned when a server that an action needs does not run or
// does not work.
var ErrServerDown = errors.New("a server of the resource is not working on this node")

// Promote makes every server of the resource active, gives it its global row
// and the agent's Connection rows, opens the listeners, and proves that it is
// this server that answers on them. Only then is the node published.
func (c *Controller) Promote(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.allAnswer(ctx); err != nil {
		return err
	}
	if err := c.promotion().take(); err != nil {
		return err
	}
	for _, phase := range []func(context.Context, Unit) error{c.activate, c.open, c.proveListeners} {
		if err := c.each(ctx, phase); err != nil {
			return err
		}
	}
	c.publish(ctx)
	c.report(c.Cluster.SetScore(ctx, ScoreActive), "cannot set the promotion score")
	return nil
}

func (c *Controller) allAnswer(ctx context.Context) error {
	for _, s := range c.Observe(ctx) {
		switch s.Condition {
		case ConditionActive, ConditionBackup:
		case ConditionAbsent, ConditionBusy, ConditionFailed:
			return fmt.Errorf("cannot promote: %w: %s is %s %s", ErrServerDown, s.Database, s.Condition, s.Reason)
		}
	}
	return nil
}

// activate makes a server writable and writes what clients must find there.
// Nothing listens for clients yet.
func (c *Controller) activate(ctx context.Context, u Unit) error {
	if err := step(ctx, "make the "+u.Name()+" server active", u.Server.ControlSocket, u.Server.Activate); err != nil {
		return err
	}
	return step(ctx, "write the agent's rows into "+u.Name(), u.Server.DataSocket, func(ctx context.Context) error {
		store, err := ovsdbctl.Open(ctx, "unix:"+u.Server.DataSocket, u.Server.Database)
		if err != nil {
			return err
		}
		defer store.Close()
		if err := store.EnsureGlobal(ctx); err != nil {
			return err
		}
		return store.EnsureConnections(ctx, c.Listening.Connections(u.Endpoint))
	})
}

func (c *Controller) open(ctx context.Context, u Unit) error {
	return step(ctx, "open the listeners of the "+u.Name()+" server", u.Server.ControlSocket, u.Server.OpenConnections)
}

// proveListeners connects to every address that this node holds and the server
// should listen on. A virtual address that has not arrived yet is opened by the
// server itself when it does.
func (c *Controller) proveListeners(ctx context.Context, u Unit) error {
	ctx, cancel := share(ctx, proofShare, proofMost)
	defer cancel()
	for _, address := range c.provable() {
		target := u.Endpoint.Source(address)
		if u.Endpoint.Protocol != "tcp" {
			continue
		}
		err := step(ctx, "reach the "+u.Name()+" server", target, func(ctx context.Context) error {
			return await(ctx, func(ctx context.Context) error { return c.reach(ctx, u, target) })
		})
		if err != nil {
			return fmt.Errorf("%w (is the port taken by another program? try: ss -ltnp 'sport = :%d')", err, u.Endpoint.Port)
		}
	}
	return nil
}

func (c *Controller) provable() []netip.Addr {
	var held []netip.Addr
	for _, a := range []netip.Addr{c.Listening.MasterIP, c.Listening.NodeAddress} {
		if a.IsValid() && c.Holds(a) {
			held = append(held, a)
		}
	}
	return held
}

// reach proves that an active server answers at target. Asking the server for
// its remotes wakes it up, and a server that wakes up tries again to listen.
func (c *Controller) reach(ctx context.Context, u Unit, target string) error {
	if _, err := u.Server.Remotes(ctx); err != nil {
		return err
	}
	store, err := ovsdbctl.Open(ctx, target, u.Server.Database)
	if err != nil {
		return err
	}
	defer store.Close()
	writable, err := store.Writable(ctx)
	if err == nil && !writable {
		err = errors.New("another server answers there, and it is a backup")
	}
	return err
}
