package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

const (
	// stateDelay is how long a state has to last, without an action, before it is published. Each
	// change of a public attribute has the cluster compute its transition again.
	stateDelay = 5 * time.Second
	// passingStateDelay is the same for the states that all backups pass through while the role
	// moves: the transition is under way then.
	passingStateDelay = 30 * time.Second
	// stateTimeout bounds one publication, stateRetry is between two attempts.
	stateTimeout = 5 * time.Second
	stateRetry   = time.Minute
)

// stateNotice decides when the state of this node is published: only when it has changed, or may have
// been lost. Nothing depends on one that a person has deleted.
type stateNotice struct {
	seen, published replication.State
	since           time.Time // from when on the seen state counts as lasting
	publishedAt     time.Time
}

// due reports whether to publish the state now, and then takes it for published. Acting says that an
// action is under way on this node.
func (n *stateNotice) due(now time.Time, state replication.State, acting bool, r renewal) bool {
	if n.seen != state || acting {
		n.seen, n.since = state, now
	}
	lost := r.outdated(n.publishedAt) && r.due(now, n.publishedAt, true)
	if state == n.published && !lost || now.Sub(n.since) < delayOf(state) {
		return false
	}
	n.published, n.publishedAt = state, now
	return true
}

func delayOf(state replication.State) time.Duration {
	if state == replication.StateStale || state == replication.StateParked {
		return passingStateDelay
	}
	return stateDelay
}

// noteState finds out the state of this node and has it published if it has changed. V is without
// the faults that do not keep clients from writing.
func (l *loop) noteState(now time.Time, o replication.Observation, v replication.Verdict) replication.State {
	serving := o.AllActive() && l.serving.open && !l.dismissed.Load() && !l.diskFails.holds() && !l.unproven.holds()
	state := v.State(l.view.leader(), serving)
	if l.view.known() && l.state.due(now, state, o.Acting, l.renewal) {
		l.states.publish(state)
	}
	return state
}

// stateNode is the part of a control.Controller that a statePublisher calls.
type stateNode interface {
	PublishState(ctx context.Context, state replication.State) error
}

// statePublisher publishes the state of this node, which may take long, while the loop goes on
// observing.
type statePublisher struct {
	node stateNode
	log  logrus.FieldLogger
	next chan replication.State
}

func newStatePublisher(node stateNode, log logrus.FieldLogger) *statePublisher {
	return &statePublisher{node: node, log: log, next: make(chan replication.State, 1)}
}

// publish has a state published, in the place of one that waits for that. It never blocks: only
// the loop sends.
func (p *statePublisher) publish(state replication.State) {
	select {
	case <-p.next:
	default:
	}
	p.next <- state
}

// run publishes until ctx ends. A failure has no consequence but another attempt.
func (p *statePublisher) run(ctx context.Context) {
	var retry <-chan time.Time
	var state replication.State
	for {
		select {
		case <-ctx.Done():
			return
		case state = <-p.next:
		case <-retry:
		}
		retry = nil
		if err := p.try(ctx, state); err != nil && ctx.Err() == nil {
			p.log.WithError(err).Warn("the state of this node in the cluster's status is out of date")
			retry = time.After(stateRetry)
		}
	}
}

func (p *statePublisher) try(ctx context.Context, state replication.State) error {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	return p.node.PublishState(ctx, state)
}
