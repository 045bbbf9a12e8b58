package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// ErrServerDown is returned when a server that an action needs does not run or
// does not work.
var ErrServerDown = errors.New("a server of the resource is not working on this node")

// Promote makes every server of the resource active if an election says so,
// begins a new term, and opens the listeners. A client can only ever reach a
// server that is writable, has its global row, and has its term recorded.
func (c *Controller) Promote(ctx context.Context, e replication.Participants) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	if err := c.allAnswer(ctx); err != nil {
		return err
	}
	term, err := c.heldTerm(ctx)
	if err != nil {
		return err
	}
	if term == 0 {
		if err := c.forEachUnit(ctx, c.portsFree); err != nil {
			return err
		}
		if term, err = c.beginTerm(ctx, e); err != nil {
			return err
		}
	}
	return c.serve(ctx, term)
}

// heldTerm returns the current term if this node leads it already, else 0.
func (c *Controller) heldTerm(ctx context.Context) (uint64, error) {
	if !c.promotion().held() {
		return 0, nil
	}
	if o, v := c.observeLive(ctx, false); v.Health == replication.HealthActive && o.Term == replication.TermHeld {
		return v.Term, nil
	}
	return 0, ctx.Err()
}

// beginTerm elects, makes the servers active, marks their data and records the
// new term, in this order.
func (c *Controller) beginTerm(ctx context.Context, e replication.Participants) (uint64, error) {
	g, err := c.electionInput(ctx)
	if err != nil {
		return 0, err
	}
	choice, held, err := c.elect(ctx, g, c.calledRound().read(), e)
	if err != nil {
		c.noteUndecided(err)
		return 0, err
	}
	if !choice.Lead {
		c.noteFailedPromotion()
		c.standAside(ctx, choice)
		return 0, &replication.ElectionError{Node: c.Node, Decision: choice}
	}
	next, markers := g.NextTerm(c.Node, held, uuid.NewString)
	failpoint("promote-elected")
	c.endIdleNorthd(ctx)
	if err := c.promotion().take(); err != nil {
		return 0, err
	}
	failpoint("promote-noted")
	if err := c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.activate(ctx, u, markers[u.Name()]) }); err != nil {
		return 0, err
	}
	failpoint("promote-marked")
	if err := c.Cluster.SetRecord(ctx, next.String()); err != nil {
		return 0, err
	}
	failpoint("promote-recorded")
	c.warn(c.promotion().write(next.String()), "the supervisor asks the cluster which term this is")
	c.Log.WithField("term", next.Term).Info("this node begins a new term")
	c.warn(c.withdraw(ctx, TopicBlessed), "cannot withdraw the operator's blessing")
	c.warn(c.handedOver().drop(), "the next election may be held late")
	return next.Term, nil
}

func (c *Controller) allAnswer(ctx context.Context) error {
	for _, s := range c.observeServers(ctx) {
		switch s.Condition {
		case replication.ConditionActive, replication.ConditionBackup:
		case replication.ConditionAbsent, replication.ConditionBusy, replication.ConditionFailed:
			return fmt.Errorf("cannot promote: %w: %s is %s %s", ErrServerDown, s.Database, s.Condition, s.Reason)
		}
	}
	return nil
}

// activate makes a server writable and marks its data. Nothing listens for
// clients yet.
func (c *Controller) activate(ctx context.Context, u Unit, m replication.Marker) error {
	if err := step(ctx, "make the "+u.Name()+" server active", u.Server.ControlSocket, u.Server.Activate); err != nil {
		return err
	}
	failpoint("promote-active-" + u.Name())
	return c.write(ctx, u, "mark the new term in "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
		if err := s.EnsureGlobal(ctx); err != nil {
			return err
		}
		return s.SetGlobal(ctx, m.ExternalIDs())
	})
}

// write writes to a server of this node through its local socket.
func (c *Controller) write(
	ctx context.Context, u Unit, what string, change func(context.Context, *ovsdbctl.Store) error,
) error {
	return step(ctx, what, u.Server.DataSocket, func(ctx context.Context) error {
		store, err := u.Server.Open(ctx)
		if err != nil {
			return err
		}
		defer store.Close()
		return change(ctx, store)
	})
}

// serve opens the listeners of an active node, while it makes it known.
func (c *Controller) serve(ctx context.Context, term uint64) error {
	var err error
	parallel(
		func() { err = c.listen(ctx) },
		func() { c.publish(ctx) },
		func() {
			c.warn(c.Cluster.SetScore(ctx, "", replication.ActiveScore(term)), "cannot set the promotion score")
		},
	)
	if err != nil {
		return err
	}
	c.warn(c.startNorthd(ctx), "this node is promoted without ovn-northd; the next monitor starts it")
	c.poke()
	return nil
}

func (c *Controller) listen(ctx context.Context) error {
	for _, phase := range []func(context.Context, Unit) error{c.open, c.proveListeners} {
		if err := c.forEachUnit(ctx, phase); err != nil {
			return err
		}
	}
	failpoint("promote-open")
	return nil
}

func (c *Controller) open(ctx context.Context, u Unit) error {
	err := c.write(ctx, u, "write the agent's Connection rows into "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
		return s.EnsureConnections(ctx, c.Listening.Connections(u.Endpoint))
	})
	if err != nil {
		return err
	}
	return step(ctx, "open the listeners of the "+u.Name()+" server", u.Server.ControlSocket, u.Server.OpenConnections)
}
