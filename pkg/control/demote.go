package control

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// Demote makes every server that runs a backup of the parking address and
// publishes where its data ended. The clients' sessions end first; those of the
// backups live on, until the node follows or stops, so that they receive the
// last transaction. A server that does not run has nothing to demote; one that
// does not answer is an error, after which Pacemaker stops it.
func (c *Controller) Demote(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	failpoint("demote-locked")
	defer c.endNorthd(ctx)() // it must not write into a server that is read-only
	led := c.promotion().held()
	whole := led && c.allServers(ctx, replication.ConditionActive)
	if led {
		c.warn(c.forEachUnit(ctx, c.dismissClients), "clients keep their sessions until the servers are read-only")
		failpoint("demote-dismissed")
	}
	if err := c.forEachUnit(ctx, c.demoteUnit); err != nil {
		return err
	}
	failpoint("demote-read-only")
	defer c.poke()
	// Before it is said where the data ended: what dies from now on is restarted as a
	// backup, and nothing comes after that end.
	if err := c.promotion().drop(); err != nil {
		return err
	}
	withdraw := func() { c.warn(c.withdraw(ctx, TopicActive), "cannot withdraw the published address") }
	if led {
		parallel(withdraw, func() { c.concludeTerm(ctx, whole) })
	} else {
		withdraw()
	}
	failpoint("demote-published")
	return nil
}

// concludeTerm publishes where the data of the node's term ended, and the score that goes
// with it. Whole says that all servers were active to the last.
func (c *Controller) concludeTerm(ctx context.Context, whole bool) {
	parallel(
		func() { c.warn(c.publishEnd(ctx, whole), "cannot publish where this node's data ended") },
		func() {
			if !c.Leaving {
				c.warn(c.Cluster.SetScore(ctx, "", replication.ScoreUnproven), "cannot lower the promotion score")
			}
		},
	)
}

// publishEnd publishes the position of the files: as the end of the data, if they are those
// that the servers have written to the last. Else the servers may have held more, and an
// election asks all.
func (c *Controller) publishEnd(ctx context.Context, whole bool) error {
	var final replication.Positions
	var err, unread error
	beats := map[string]uint64{}
	parallel(
		func() { final, err = c.positions(ctx) },
		func() { unread = c.lastBeats(ctx, beats) },
	)
	if err != nil {
		return err
	}
	end := replication.Unsolicited
	if !whole || unread != nil {
		end = replication.AtLeast
	}
	for database, beat := range beats {
		if ended := final[database].Progress.Beat; ended < beat {
			c.Log.WithField("db", database).Warnf("%v: it ends at beat %d, and its server is at beat %d", ErrRowsLost, ended, beat)
			end = replication.AtLeast
		}
	}
	return c.publishFinal(ctx, end+" "+final.String())
}

// lastBeats asks the servers for the last beat of their data.
func (c *Controller) lastBeats(ctx context.Context, beats map[string]uint64) error {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	for _, u := range c.Units {
		m, err := c.liveMarker(ctx, u)
		if err != nil {
			return fmt.Errorf("cannot read the last beat of %s: %w", u.Name(), err)
		}
		if m != nil {
			beats[u.Name()] = m.Beat
		}
	}
	return nil
}

// publishFinal does not return before the cluster has passed the value on: the
// other nodes look for it as soon as the demotion has ended.
func (c *Controller) publishFinal(ctx context.Context, final string) error {
	if err := c.announce(ctx, TopicFinal, final); err != nil {
		return err
	}
	waiting, cancel := withBudget(ctx, answerFraction, settleTimeout)
	defer cancel()
	return await(waiting, func(ctx context.Context) error {
		published, err := c.Cluster.Published(ctx, TopicFinal)
		if err == nil && published[c.Node] != final {
			err = errNotPassedOn
		}
		return err
	})
}

var errNotPassedOn = errors.New("the cluster has not passed the value on")

// dismissClients ends the clients' sessions of an active server by removing
// their listener, and writes a last beat once they are gone.
func (c *Controller) dismissClients(ctx context.Context, u Unit) error {
	if u.stopped() {
		return nil
	}
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	keep := c.Listening.Connections(u.Endpoint)
	if len(keep) > 1 {
		err := c.write(ctx, u, "end the clients' sessions of "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
			return s.EnsureConnections(ctx, keep[1:])
		})
		if err != nil {
			return err
		}
		// The listener is closed by the end of the turn of the server's main loop
		// that made the change, and this question is answered in a later one.
		if _, err := u.Server.Remotes(ctx); err != nil {
			return err
		}
	}
	return c.beatAt(ctx, "unix:"+u.Server.DataSocket, u.Server.Database)
}

func (c *Controller) demoteUnit(ctx context.Context, u Unit) error {
	pid, err := u.Running()
	if err != nil {
		return err
	}
	if pid == 0 {
		c.Log.WithField("db", u.Name()).Warn("the server to demote does not run")
		return nil
	}
	if a, err := process.Inspect(pid); err == nil && a.Stopped {
		return fmt.Errorf("cannot demote the %s server (pid %d): %w: %s", u.Name(), pid, ErrServerDown, replication.StoppedReason)
	}
	return c.park(ctx, u)
}

// ReceiveLast waits, on a backup, until its data has reached where that of the
// nodes just demoted ended, so that none of them is stopped before.
func (c *Controller) ReceiveLast(ctx context.Context, demoted []string) error {
	// In the term that the supervisor knows, the cluster is not asked for the record.
	g, err := c.electionInputUnder(ctx, c.lastKnownRecord)
	if err != nil || !g.HandedOver() {
		g, err = c.electionInput(ctx)
	}
	if err != nil {
		return err
	}
	for _, node := range demoted {
		if final := g.Finals[node]; final != nil {
			if err := c.awaitPosition(ctx, *g.Record, node, final); err != nil {
				return err
			}
		}
	}
	if g.HandedOver() {
		return c.handedOver().take()
	}
	return nil
}
