package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

const (
	// listenersInterval is between two looks at the Connection rows and listeners of an active node;
	// a little less than two observations, which do not come to the millisecond.
	listenersInterval = 900 * time.Millisecond
	// proofInterval is between two proofs that clients and backups can connect, and proofTimeout how
	// long one may take: as long as an active server may be busy with sending its database.
	proofInterval = 5 * time.Second
	proofTimeout  = 10 * time.Second
)

// listenerTimer decides when the rows and listeners are looked at.
type listenerTimer struct {
	checkedAt time.Time
}

// due reports whether to look now, and then takes it for done. Serving says that this node leads and
// its listeners have been opened, acting that an action is under way, which opens or closes them
// itself.
func (l *listenerTimer) due(now time.Time, serving, acting bool) bool {
	if !serving || acting || now.Sub(l.checkedAt) < listenersInterval {
		return false
	}
	l.checkedAt = now
	return true
}

// checkListeners puts Connection rows and listeners back that clients have removed or changed, and
// returns the reasons for the monitors while clients or backups cannot connect.
func (l *loop) checkListeners(ctx context.Context, now time.Time, o replication.Observation) []string {
	serving := o.HoldsTerm() && l.serving.open
	l.prover.serve(serving && !o.Acting)
	var reasons []string
	if l.listeners.due(now, serving, o.Acting) {
		reasons = l.node.KeepListeners(ctx, *o.Own, l.mayOpen)
	}
	failed := l.unproven.holds()
	err := l.prover.failure()
	l.unproven.observe(now, err != nil, 0)
	if err == nil {
		if failed {
			l.log.Info("clients and backups can connect again")
		}
		return reasons
	}
	l.logFailure(now, logrus.ErrorLevel, err, "clients or backups cannot connect")
	return append(reasons, "clients or backups cannot connect: "+err.Error())
}

// listenerProver connects to the listeners of an active node as clients and backups do, which may
// take long, while the loop goes on observing.
type listenerProver struct {
	prove func(context.Context) error

	mu sync.Mutex
	// serving says that the listeners are to be open, and closings how often that has ended.
	serving  bool
	closings int
	err      error // of the last proof
}

func newListenerProver(c *control.Controller) *listenerProver {
	return &listenerProver{prove: c.ProveListeners}
}

// serve takes note of whether the listeners are to be open.
func (p *listenerProver) serve(serving bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.serving && !serving {
		p.closings++
		p.err = nil
	}
	p.serving = serving
}

// run proves until ctx ends.
func (p *listenerProver) run(ctx context.Context) {
	for ctx.Err() == nil {
		p.proveOnce(ctx)
		pause(ctx, proofInterval)
	}
}

// proveOnce keeps the result of a proof, unless the listeners were to be closed meanwhile.
func (p *listenerProver) proveOnce(ctx context.Context) {
	p.mu.Lock()
	serving, closings := p.serving, p.closings
	p.mu.Unlock()
	if !serving {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	err := p.prove(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closings == closings {
		p.err = err
	}
}

// failure returns why clients or backups cannot connect; nil if they can, as far as is known, or are
// not to.
func (p *listenerProver) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
