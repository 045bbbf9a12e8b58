package control

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// How often a lock that another action holds is tried again.
const lockRetry = 20 * time.Millisecond

// lock keeps two actions of one resource on one node apart. The kernel drops
// it when the action's process ends, however it ends.
func (c *Controller) lock(ctx context.Context) (unlock func(), err error) {
	return c.lockWith(ctx, (*flock.Flock).TryLockContext)
}

// lockTogether keeps actions away, but not others who lock together: a change of one
// server need not wait for one of the other.
func (c *Controller) lockTogether(ctx context.Context) (unlock func(), err error) {
	return c.lockWith(ctx, (*flock.Flock).TryRLockContext)
}

func (c *Controller) lockWith(
	ctx context.Context, try func(*flock.Flock, context.Context, time.Duration) (bool, error),
) (unlock func(), err error) {
	l := flock.New(c.runFile(stateLock))
	err = step(ctx, "wait for another action of this resource to end", l.Path(), func(ctx context.Context) error {
		_, err := try(l, ctx, lockRetry)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.unlocker(l), nil
}

// tryLock takes the lock if no action holds it.
func (c *Controller) tryLock() (unlock func(), ok bool, err error) {
	l := flock.New(c.runFile(stateLock))
	ok, err = l.TryLock()
	if err != nil {
		return nil, false, fmt.Errorf("cannot lock %s: %w", l.Path(), err)
	}
	return c.unlocker(l), ok, nil
}

func (c *Controller) unlocker(l *flock.Flock) func() {
	return func() { c.warn(l.Unlock(), "cannot release the action lock") }
}
