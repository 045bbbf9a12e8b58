package control

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
	proofFraction = 0.4
	proofTimeout  = 10 * time.Second
)

// portsFree proves that the server could listen where it is to listen, and use TLS, before a
// term is begun that could serve no client. Listeners that an earlier term
// has left open for its backups are closed for it.
func (c *Controller) portsFree(ctx context.Context, u Unit) error {
	if err := c.closeListeners(ctx, u); err != nil {
		return err
	}
	if err := c.keysServe(ctx, u); err != nil {
		return err
	}
	for _, address := range c.bindable() {
		at := netip.AddrPortFrom(address, u.Endpoint.Port)
		if err := c.CanListen(ctx, at); err != nil {
			return fmt.Errorf("cannot listen on %s for %s: %w (see what does: ss -ltnp 'sport = :%d')", at, u.Name(), err, at.Port())
		}
	}
	return nil
}

// ProveListeners connects to every address that this node holds and its servers should listen on.
func (c *Controller) ProveListeners(ctx context.Context) error {
	return c.forEachUnit(ctx, c.proveListeners)
}

// proveListeners connects to every address that this node holds and the server
// should listen on. A virtual address that has not arrived yet is opened by the
// server itself when it does.
func (c *Controller) proveListeners(ctx context.Context, u Unit) error {
	ctx, cancel := withBudget(ctx, proofFraction, proofTimeout)
	defer cancel()
	for _, address := range c.provable() {
		target := u.Endpoint.Source(address)
		err := step(ctx, "reach the "+u.Name()+" server", target, func(ctx context.Context) error {
			return await(ctx, func(ctx context.Context) error { return c.reach(ctx, u, target) })
		})
		switch {
		case errors.Is(err, ovsdbctl.ErrTLS):
			return fmt.Errorf("%w (if the files for TLS are newer, have the server read them: %s)", err, rereadCommand(u.Endpoint.Keys))
		case err != nil:
			return fmt.Errorf("%w (is the port taken by another program? try: ss -ltnp 'sport = :%d')", err, u.Endpoint.Port)
		}
	}
	return nil
}

// bindable returns the addresses that a server could bind now, of those that its rows name.
func (c *Controller) bindable() []netip.Addr {
	if !c.Listening.MasterIPOnly {
		return []netip.Addr{c.Listening.clientAddress()}
	}
	return c.provable()
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
	store, err := u.OpenSource(ctx, target)
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
