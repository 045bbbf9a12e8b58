package replication

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/pkg/process"
)

// Demote makes every server that runs a backup of the parking address and ends
// its clients' sessions. A server that does not run has nothing to demote; one
// that does not answer is an error, after which Pacemaker stops it.
func (c *Controller) Demote(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c.report(c.Cluster.PublishActive(ctx, ""), "cannot withdraw the published address")
	if err := c.each(ctx, c.demoteUnit); err != nil {
		return err
	}
	if err := c.promotion().drop(); err != nil {
		return err
	}
	c.report(c.Cluster.SetScore(ctx, ScoreUnproven), "cannot lower the promotion score")
	return nil
}

func (c *Controller) demoteUnit(ctx context.Context, u Unit) error {
	pid, err := u.Pidfile().Owner()
	if errors.Is(err, process.ErrNotRunning) {
		c.Log.WithField("db", u.Name()).Warn("the server to demote does not run")
		return nil
	}
	if err != nil {
		return err
	}
	if a, err := process.Inspect(pid); err == nil && a.Stopped {
		return fmt.Errorf("cannot demote the %s server (pid %d): %w: %s", u.Name(), pid, ErrServerDown, stoppedReason)
	}
	return c.makeBackup(ctx, u)
}
