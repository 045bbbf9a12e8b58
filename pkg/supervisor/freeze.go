package supervisor

import (
	"context"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

const (
	freezeInterval = 250 * time.Millisecond
	// frozenLeast is how long this process must have stood still for it to be taken
	// for frozen with its node. Corosync takes longer to miss a node and to do without.
	minFreeze = 3 * time.Second
	// thawMost is how long the cluster may take to tell a node that comes back what
	// has happened meanwhile.
	confirmDelay = 2 * time.Second
	closeTimeout = 2 * time.Second
)

// pulse notices that this process, and so its node, has stood still: another node may
// have been promoted. The clients are dismissed before anything else; they find the
// node that leads by the virtual address.
type freezeDetector struct {
	controller *control.Controller
	thawed     chan time.Duration
}

func (p *freezeDetector) run(ctx context.Context) {
	ticker := time.NewTicker(freezeInterval)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		still := now.Sub(last)
		last = now
		if still >= minFreeze && p.controller.Promoted() {
			p.dismiss(ctx, still)
		}
	}
}

func (p *freezeDetector) dismiss(ctx context.Context, still time.Duration) {
	hushing, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	// A failure leaves them to what the record says, as without this.
	_ = p.controller.CloseListeners(hushing)
	select {
	case <-ctx.Done():
	case p.thawed <- still:
	}
}

// thaw begins the time in which a node that has stood still serves nobody.
func (r *rounds) thaw(still time.Duration) {
	r.Log.WithField("still", still.Round(time.Millisecond)).Warn("this node stood still: serving clients again once it is certain that it still leads")
	r.thawedAt, r.serving = time.Now(), false
	r.poller.ask()
}

// serveAgain opens the listeners of a node that leads, at first and after it stood still.
// What the cluster said before it can have known is not believed.
//
// Monitors do not call the node degraded meanwhile. Pacemaker keeps a result that is not
// the expected one in the place of the recurring operation's; when the node joins the
// cluster again that is all there is of it, and the cancellation that comes before a
// demotion is waited for in vain, for a minute and more (process_op_deletion in
// daemons/controld/controld_te_callbacks.c; seen with 3.0.0).
func (r *rounds) serveAgain(ctx context.Context, now time.Time, o replication.Observation) {
	if !r.thawedAt.IsZero() && r.learntAt.Sub(r.thawedAt) < confirmDelay {
		if now.Sub(r.thawedAt) >= confirmDelay {
			r.poller.ask()
		}
		return
	}
	if r.serving || !r.informed || !o.AllActive() || o.Term != replication.TermHeld {
		r.serving = r.serving && o.AllActive()
		return
	}
	if err := r.Controller.OpenListeners(ctx); err != nil {
		r.Log.WithError(err).Error("this node leads and serves nobody")
		return
	}
	r.serving, r.thawedAt = true, time.Time{}
}
