package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/replication"
)

// How often a lock that another action holds is tried again.
const lockRetry = 20 * time.Millisecond

// lock keeps two actions of one resource on one node apart. The kernel drops
// it when the action's process ends, however it ends.
func (c *Controller) lock(ctx context.Context) (unlock func(), err error) {
	return c.lockWith(ctx, stateLock, (*flock.Flock).TryLockContext)
}

// lockPromotion is held by a promotion while its term is in this node's state and not in the record:
// another action that finds such a term knows by that whether the promotion was cut short. A change beside actions
// holds it off, see holdTerm.
func (c *Controller) lockPromotion(ctx context.Context) (unlock func(), err error) {
	return c.lockWith(ctx, statePromotion, (*flock.Flock).TryLockContext)
}

// termHoldTimeout is how long a promotion is waited for that is beginning a term.
const termHoldTimeout = 200 * time.Millisecond

// holdTerm keeps this node from beginning a term until release is called: for a change that is made beside
// actions, and would harm a term that begins between its decision and itself. It is not ok while a promotion
// begins a term, and unless the node leads the term with that ID, or none if that is empty.
func (c *Controller) holdTerm(ctx context.Context, termID string) (release func(), ok bool) {
	waiting, cancel := withBudget(ctx, 1, termHoldTimeout)
	defer cancel()
	release, err := c.lockWith(waiting, statePromotion, (*flock.Flock).TryRLockContext)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, false
	case err != nil:
		release = func() {} // no promotion can lock it either
	}
	if !c.leadsStill(termID) {
		release()
		return nil, false
	}
	return release, true
}

// inTerm calls write while this node leads the term own, and reports whether it has.
func (c *Controller) inTerm(ctx context.Context, own replication.OwnTerm, write func() error) (done bool, err error) {
	release, ok := c.holdTerm(ctx, own.Record.TermID)
	if !ok {
		return false, nil
	}
	defer release()
	return true, write()
}

// leadsStill reports whether the node leads the term with that ID by its own state, or none if it is empty. A
// state that cannot be read is taken for unchanged.
func (c *Controller) leadsStill(termID string) bool {
	own, err := c.OwnTerm()
	if own == nil {
		return err != nil || termID == ""
	}
	return own.Record.TermID == termID
}

// lockTogether keeps actions away, but not others who lock together: a change of one
// server need not wait for one of the other.
func (c *Controller) lockTogether(ctx context.Context) (unlock func(), err error) {
	return c.lockWith(ctx, stateLock, (*flock.Flock).TryRLockContext)
}

// AwaitAction returns when no other action is under way, for a caller who bounds the time of its own.
func (c *Controller) AwaitAction(ctx context.Context) error {
	unlock, err := c.lockTogether(ctx)
	if err == nil {
		unlock()
	}
	return err
}

func (c *Controller) lockWith(
	ctx context.Context, name string, try func(*flock.Flock, context.Context, time.Duration) (bool, error),
) (unlock func(), err error) {
	l := newLock(c.runFile(name))
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
func (c *Controller) tryLock() (unlock func(), ok bool, err error) { return c.tryLockOf(stateLock) }

// tryLockInTerm takes the lock if no action holds it and this node leads the term own still.
func (c *Controller) tryLockInTerm(own replication.OwnTerm) (unlock func(), ok bool, err error) {
	if unlock, ok, err = c.tryLock(); err != nil || !ok {
		return nil, false, err
	}
	now, err := c.OwnTerm()
	if err != nil || now == nil || now.Record.TermID != own.Record.TermID {
		unlock()
		return nil, false, err
	}
	return unlock, true, nil
}

// locked reports whether a process holds the lock of that name.
func (c *Controller) locked(name string) bool {
	unlock, ok, err := c.tryLockOf(name)
	if ok {
		unlock()
	}
	return err == nil && !ok
}

func (c *Controller) tryLockOf(name string) (unlock func(), ok bool, err error) {
	l := newLock(c.runFile(name))
	ok, err = l.TryLock()
	if err != nil {
		return nil, false, fmt.Errorf("cannot lock %s: %w", l.Path(), err)
	}
	return c.unlocker(l), ok, nil
}

// newLock opens no link, and waits for no reader or writer of a pipe in the file's place.
func newLock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK))
}

func (c *Controller) unlocker(l *flock.Flock) func() {
	return func() { c.warn(l.Unlock(), "cannot release the action lock") }
}
