package control

import (
	"context"
	"errors"
	"time"

	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
)

// stop waits this part of its time, and at most this long, for another action
// to end; then it goes on without the lock: it must always make progress.
const (
	stopLockFraction = 0.25
	stopLockTimeout  = 5 * time.Second
)

// Stop ends every server of the resource on this node and meanwhile withdraws the values that the
// node has published, but for its schemas: an upgrade waits for a node in standby as well. It needs
// no valid configuration beyond the run directory, and returns an error only if a process is still
// there.
func (c *Controller) Stop(ctx context.Context) error {
	c.warnPrivate()
	c.warn(c.stopSupervisor(ctx), "the supervisor may restart what is stopped")
	defer c.stopLock(ctx)()
	defer c.endNorthd(ctx)()
	var err error
	parallel.Do(
		func() {
			if err = c.forEachUnit(ctx, c.stopUnit); err == nil {
				c.warn(errors.Join(c.dropOwnTerm(), c.ownAddress().drop()), "stopped, with a leftover")
			}
		},
		func() { c.warn(c.withdrawAtLast(ctx, TopicActive), "cannot withdraw the published address") },
		func() { c.warn(c.withdrawAtLast(ctx, TopicPosition), "cannot withdraw the published position") },
		func() { c.warn(c.withdrawAtLast(ctx, TopicFreshness), "cannot withdraw the published freshness") },
		func() {
			c.warn(c.withdrawAtLast(ctx, TopicState), "the state of the stopped node stays in the cluster's status")
		},
		func() {
			c.forgiveFailedPromotion(ctx)
			c.warn(c.Cluster.ClearScore(ctx), "cannot remove the promotion score")
		},
	)
	return err
}

// noteFailedPromotion remembers that this node is about to fail a promotion
// that another node should have: that must not count against it.
func (c *Controller) noteFailedPromotion() {
	c.warn(c.failedPromotion().take(), "this node may be kept from a later promotion by migration-threshold")
}

// forgiveFailedPromotion is for the stop that follows on such a failure.
func (c *Controller) forgiveFailedPromotion(ctx context.Context) {
	if !c.failedPromotion().held() {
		return
	}
	c.warn(c.Cluster.ForgiveFailedPromotion(ctx), "a promotion that another node should have counts as this node's failure")
	c.warn(c.failedPromotion().drop(), "stopped, with a leftover")
}

func (c *Controller) stopLock(ctx context.Context) func() {
	waiting, cancel := withBudget(ctx, stopLockFraction, stopLockTimeout)
	defer cancel()
	unlock, err := c.lock(waiting)
	if err != nil {
		c.warn(err, "stopping without the action lock")
		return func() {}
	}
	return unlock
}

// stopUnit ends the unit's server, unless it is another manager's. That one is not the resource's, which
// is stopped without it: if stop failed, the node would be fenced for a server that the cluster has not
// started.
func (c *Controller) stopUnit(ctx context.Context, u Unit) error {
	if err := u.foreign(); err != nil {
		c.Log.WithError(err).Error("a server that is not the resource's still runs, and may serve clients: stop leaves it and succeeds")
		return nil
	}
	return step(ctx, "stop the "+u.Name()+" server", u.Files.Database, func(ctx context.Context) error {
		report, err := process.StopServer(ctx, u.Files)
		for _, warning := range report.Warnings {
			c.warn(warning, "the "+u.Name()+" server was stopped, with something else in the place of its files")
		}
		if err == nil {
			c.completeCheckpoint(ctx, u)
			c.busySince(u).clear()
			c.warn(u.Files.RemoveStale(), "stopped, with a leftover")
			c.Log.WithField("db", u.Name()).WithField("how", report.How).Debug("stopped the server")
		}
		return err
	})
}
