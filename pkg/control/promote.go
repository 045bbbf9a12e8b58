package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// ErrServerDown is returned when a server that an action needs does not run or
// does not work.
var ErrServerDown = errors.New("a server of the resource is not working on this node")

// ErrServerBusy is returned when a server that an action needs works, and has not answered in
// the action's time.
var ErrServerBusy = errors.New("a server of the resource is busy on this node")

// Promote makes every server of the resource active if an election says so,
// begins a new term, and opens the listeners. A client can only ever reach a
// server that is writable, has its global row, and has its term recorded.
func (c *Controller) Promote(ctx context.Context, p replication.Participants) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	if err := c.awaitAnswers(ctx); err != nil {
		return err
	}
	term, err := c.heldTerm(ctx)
	if err != nil {
		return err
	}
	still, stop := watchStandstill(ctx)
	defer stop()
	if term == 0 {
		if err := c.forEachUnit(ctx, c.portsFree); err != nil {
			return err
		}
		if term, err = c.beginTerm(ctx, p, still); err != nil {
			return err
		}
	} else {
		if err := c.restoreRecord(ctx); err != nil {
			return fmt.Errorf("this node leads, and cannot swap its record in again: %w", err)
		}
		c.warn(c.confirmTerm(func() (*replication.Record, error) { return c.Record(ctx) }), "until it is kept that this term is recorded, its members stay as they are")
	}
	return c.serve(ctx, term, still)
}

// promoteWaitFraction is the part of a promotion's time in which busy servers are waited for.
const promoteWaitFraction = 0.6

// awaitAnswers waits until all servers answer. A busy server is waited for: it was promoted
// elsewhere, and has just received a large transaction, as all others have.
func (c *Controller) awaitAnswers(ctx context.Context) error {
	waiting, cancel := withBudget(ctx, promoteWaitFraction, c.busyPatience())
	defer cancel()
	err := await(waiting, func(ctx context.Context) error {
		for _, s := range c.observeServers(ctx) {
			switch s.Condition {
			case replication.ConditionActive, replication.ConditionBackup:
			case replication.ConditionBusy:
				return fmt.Errorf("cannot promote: %w: %s: %s", ErrServerBusy, s.Database, s.Reason)
			case replication.ConditionAbsent, replication.ConditionFailed:
				return backoff.Permanent(fmt.Errorf("cannot promote: %w: %s is %s %s", ErrServerDown, s.Database, s.Condition, s.Reason))
			}
		}
		return nil
	})
	if errors.Is(err, ErrServerBusy) {
		c.noteFailedPromotion()
	}
	return err
}

// heldTerm returns the current term if this node leads it already, also where its record has gone back, else 0. A
// node without a term of its own does not ask the cluster.
func (c *Controller) heldTerm(ctx context.Context) (uint64, error) {
	if !c.Promoted() {
		return 0, ctx.Err()
	}
	o, v := c.observeLive(ctx, observing{locked: true})
	held := o.Term == replication.TermHeld || o.Term == replication.TermRecordLost
	if v.Leads() && o.AllActive() && held {
		return v.Term, nil
	}
	return 0, ctx.Err()
}

// beginTerm elects, makes the servers active, marks their data and swaps the record of the new
// term in, in this order. If any of that fails after the first server may be active, it is
// taken back.
func (c *Controller) beginTerm(ctx context.Context, p replication.Participants, still *standstill) (uint64, error) {
	e, err := c.elect(ctx, p, c.takeRound())
	if err != nil {
		return 0, err
	}
	if err := e.decision.Err(c.Node); err != nil {
		c.noteFailedPromotion()
		c.standAside(ctx, e.decision)
		return 0, err
	}
	own := e.Begin(uuid.NewString)
	if p.Nodes == nil {
		own.Record.Members = nil // Pacemaker does not say who takes part
	}
	if err := own.Record.Succeeds(e.Record); err != nil {
		return 0, err
	}
	failpoint("promote-elected")
	c.endIdleNorthd(ctx)
	unlock, err := c.lockPromotion(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	// From now on clients on local sockets may write, and no other node knows of this term.
	if err := c.forEachUnit(ctx, func(_ context.Context, u Unit) error { return c.followed(u).drop() }); err != nil {
		return 0, err
	}
	if err := c.saveOwnTerm(own); err != nil {
		return 0, err
	}
	failpoint("promote-noted")
	if err := c.takeLead(ctx, e.recordText, own, still); err != nil {
		if errors.Is(err, errStoodStill) {
			c.noteFailedPromotion()
		}
		c.takeBack(ctx)
		return 0, err
	}
	c.Log.WithField("term", own.Record.Term).Info("this node begins a new term")
	c.warn(c.withdraw(ctx, TopicBlessed), "cannot withdraw the operator's blessing")
	c.warn(c.forgetElections(), "notes of elections stay")
	return own.Record.Term, nil
}

// takeLead makes the servers active and has the cluster record that, unless this process has stood still.
func (c *Controller) takeLead(ctx context.Context, recordText string, own replication.OwnTerm, still *standstill) error {
	err := c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.activate(ctx, u, own.Markers[u.Name()]) })
	if err != nil {
		return err
	}
	failpoint("promote-marked")
	if err := c.swapWhile(ctx, still.check, recordText, own.Record.String()); err != nil {
		return err
	}
	failpoint("promote-recorded")
	own.Recorded = true
	if err := c.keepRecorded(own); err != nil {
		return err
	}
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		c.warn(c.followed(u).take(), "a later follow keeps a snapshot that is not needed")
		m := own.Markers[u.Name()]
		m.Beat = replication.BeatRecorded
		c.wakeLocalClients(ctx, u)
		return c.writeMarker(ctx, u, m, false)
	})
}

// keepRecorded keeps that the record names a term. If that fails, as on a full disk, and the term itself is
// kept, the node leads nevertheless, and a monitor or the supervisor tries again: no other node has seen the
// start of the term, so that none could lead in its place.
func (c *Controller) keepRecorded(own replication.OwnTerm) error {
	err := c.saveOwnTerm(own)
	if err == nil {
		return nil
	}
	kept, readErr := c.OwnTerm()
	if readErr != nil || kept == nil || kept.Record.TermID != own.Record.TermID {
		return err
	}
	c.warn(err, "until it is kept that this term is recorded, its members stay as they are")
	return nil
}

// confirmTerm keeps that the record names the term of this node, whose promotion was cut short before it did.
func (c *Controller) confirmTerm(query recordQuery) error {
	own, err := c.OwnTerm()
	if err != nil || own == nil || own.Recorded {
		return err
	}
	record, err := query()
	if err != nil || own.Judge(record) != replication.TermHeld {
		return err
	}
	own.Record, own.Recorded = *record, true
	return c.saveOwnTerm(*own)
}

// wakeLocalClients makes the clients on the local socket of a server connect again whose role has
// changed: ovn-northd, if it is not the agent's, would stay without its lock, or keep one that is
// worth nothing. No other client has a session, as the listeners are closed.
func (c *Controller) wakeLocalClients(ctx context.Context, u Unit) {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	c.warn(u.Server.EndIdleSessions(ctx), "an ovn-northd on the local socket may stay idle")
}

// swapFraction is the part of an action's time in which the swap of the record is tried again,
// while Pacemaker's daemons refuse.
const swapFraction = 0.5

// swapRecord swaps the cluster record. A change by another node is final.
func (c *Controller) swapRecord(ctx context.Context, old, record string) error {
	return c.swapWhile(ctx, func(context.Context) error { return nil }, old, record)
}

// swapWhile is swapRecord, with a check before each attempt, which ends them.
func (c *Controller) swapWhile(ctx context.Context, check func(context.Context) error, old, record string) error {
	ctx, cancel := withBudget(ctx, swapFraction, answersTimeout)
	defer cancel()
	return await(ctx, func(ctx context.Context) error {
		if err := check(ctx); err != nil {
			return backoff.Permanent(err)
		}
		err := c.Cluster.SwapRecord(ctx, old, record)
		if errors.Is(err, ErrRecordChanged) || errors.Is(err, process.ErrProgramMissing) {
			return backoff.Permanent(err)
		}
		return err
	})
}

// takeBackTimeout bounds the return of a failed promotion, which may have used its time up.
const takeBackTimeout = 3 * time.Second

// takeBack makes the servers of a promotion that failed read-only. Clients on local sockets may
// have written meanwhile.
func (c *Controller) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	err := c.forEachUnit(ctx, c.makeBackup)
	if err == nil {
		err = c.dropOwnTerm()
	}
	c.warn(err, "a promotion that failed is taken back by the supervisor, or the next monitor")
}

// activate makes a server writable and marks its data, durably. Nothing listens for
// clients yet.
func (c *Controller) activate(ctx context.Context, u Unit, m replication.Marker) error {
	if err := u.makeActive(ctx); err != nil {
		return err
	}
	failpoint("promote-active-" + u.Name())
	return c.writeMarker(ctx, u, m, true)
}

// writeMarker writes a marker into a server of this node.
func (c *Controller) writeMarker(ctx context.Context, u Unit, m replication.Marker, durably bool) error {
	return c.write(ctx, u, "mark the term in "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
		if err := s.EnsureGlobal(ctx); err != nil {
			return err
		}
		return setMarker(ctx, s, m, durably)
	})
}

// setMarker writes a marker into the global row of a server.
func setMarker(ctx context.Context, s *ovsdbctl.Store, m replication.Marker, durably bool) error {
	if durably {
		return s.SetGlobalDurably(ctx, m.ExternalIDs())
	}
	return s.SetGlobal(ctx, m.ExternalIDs())
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

// serve opens the listeners of an active node, while it makes it known, unless this process has stood still: the
// supervisor opens them once the cluster has confirmed the term, or the node is demoted.
func (c *Controller) serve(ctx context.Context, term uint64, still *standstill) error {
	err := still.check(ctx)
	if errors.Is(err, errStoodStill) {
		c.noteFailedPromotion()
	}
	if err != nil {
		return err
	}
	parallel.Do(
		func() { err = c.listen(ctx) },
		func() { _ = c.publish(ctx) },
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
		return c.ensureRows(ctx, u, s)
	})
	if err != nil {
		return err
	}
	return u.openListeners(ctx)
}
