package control

import (
	"context"
	"time"

	"ovndb-servers/pkg/replication"
)

// pendingFollowTimeout is for how long the supervisor is left to follow a promoted node; later it
// knows more.
const pendingFollowTimeout = 10 * time.Second

// RequestFollow is Follow by the supervisor, for a caller whom others wait for: a virtual
// IP starts only after all that is called. Where no supervisor is at work it is Follow,
// and so it is on a node that was promoted itself, which has to be read-only first.
func (c *Controller) RequestFollow(ctx context.Context, promoted string) error {
	state, err := c.supervisorState()
	if err != nil || state.Config != c.Supervision.Config || c.Promoted() {
		return c.Follow(ctx, promoted)
	}
	if err := c.pendingFollow().write(promoted); err != nil {
		return err
	}
	c.poke()
	return nil
}

// FollowPending carries out the follow that RequestFollow has left to the supervisor, and returns
// the node that is followed now; none if nothing was left. With putOff, that is only the node to
// follow later, unless an operator waits for the copy.
//
// It does not wait for another action: a restart in place holds the lock for as long as its server
// reads the file, and the caller has more to do meanwhile. Then it does nothing, and ok is false.
func (c *Controller) FollowPending(ctx context.Context, putOff bool) (leader replication.Leader, ok bool, err error) {
	if !c.pendingFollow().heldFor(pendingFollowTimeout) {
		return replication.Leader{}, true, nil
	}
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return replication.Leader{}, ok, err
	}
	defer unlock()
	promoted := c.pendingFollow().read()
	if promoted == "" {
		return replication.Leader{}, true, nil // another action came first
	}
	if err := c.pendingFollow().drop(); err != nil {
		return replication.Leader{}, true, err
	}
	if putOff && len(c.ReinitPending()) == 0 {
		sources, err := c.sourcesOf(ctx, promoted)
		return replication.Leader{Node: promoted, Sources: sources}, true, err
	}
	leader, err = c.followPromoted(ctx, promoted)
	return leader, true, err
}
