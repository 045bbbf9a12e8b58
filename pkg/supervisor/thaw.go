package supervisor

import (
	"context"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

const (
	pulseInterval = 250 * time.Millisecond
	// frozenLeast is how long this process must have stood still for it to be taken
	// for frozen with its node. Corosync takes longer to miss a node and to do without.
	frozenLeast = 3 * time.Second
	// thawMost is how long the cluster may take to tell a node that comes back what
	// has happened meanwhile.
	thawMost = 2 * time.Second
	hushMost = 2 * time.Second
)

// pulse notices that this process, and so its node, has stood still: another node may
// have been promoted. The clients are dismissed before anything else; they find the
// node that leads by the virtual address.
type pulse struct {
	controller *control.Controller
	thawed     chan time.Duration
}

func (p *pulse) run(ctx context.Context) {
	ticker := time.NewTicker(pulseInterval)
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
		if still >= frozenLeast && p.controller.Promoted() {
			p.dismiss(ctx, still)
		}
	}
}

func (p *pulse) dismiss(ctx context.Context, still time.Duration) {
	hushing, cancel := context.WithTimeout(ctx, hushMost)
	defer cancel()
	// A failure leaves them to what the record says, as without this.
	_ = p.controller.Hush(hushing)
	select {
	case <-ctx.Done():
	case p.thawed <- still:
	}
}

// thaw begins the time in which a node that has stood still serves nobody.
func (r *rounds) thaw(still time.Duration) {
	r.Log.WithField("still", still.Round(time.Millisecond)).Warn("this node stood still: serving clients again once it is certain that it still leads")
	r.thawedAt, r.serving = time.Now(), false
	r.scholar.ask()
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
	if !r.thawedAt.IsZero() && r.learntAt.Sub(r.thawedAt) < thawMost {
		if now.Sub(r.thawedAt) >= thawMost {
			r.scholar.ask()
		}
		return
	}
	if r.serving || !r.informed || !o.AllActive() || o.Term != replication.TermHeld {
		r.serving = r.serving && o.AllActive()
		return
	}
	if err := r.Controller.Reopen(ctx); err != nil {
		r.Log.WithError(err).Error("this node leads and serves nobody")
		return
	}
	r.serving, r.thawedAt = true, time.Time{}
}
