package supervisor

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// clusterPoller polls the cluster, which may take long to answer, while the loop goes on
// observing the servers.
type clusterPoller struct {
	node     node
	log      logrus.FieldLogger
	requests chan struct{}
	// checks are requests that are polled for only if the record, or whether the cluster manages the resource,
	// is no more as known, by the last poll.
	checks   chan struct{}
	known    control.SupervisorState
	answers  chan answer
	failures control.FailureLog
	// queueing says that this backup waits for its turn to copy.
	queueing atomic.Bool
	// leaderless says that this backup has known no promoted node for a while, soughtAt when one of another
	// agent was sought last.
	leaderless atomic.Bool
	soughtAt   time.Time
}

// answer is the state of the cluster as it was at askedAt, or later.
type answer struct {
	state   control.SupervisorState
	askedAt time.Time
	// queue is known only while it is asked for, and if it could be learnt.
	queue replication.CopyQueue
}

func newClusterPoller(n node, log logrus.FieldLogger) *clusterPoller {
	return &clusterPoller{
		node: n, log: log, requests: make(chan struct{}, 1), checks: make(chan struct{}, 1), answers: make(chan answer),
	}
}

// request makes the poller poll once more. Requests during a poll count as one.
func (p *clusterPoller) request() { signal(p.requests) }

// check makes the poller poll once more if a fact that matters at once has changed. That costs a
// third of a poll.
func (p *clusterPoller) check() { signal(p.checks) }

// run polls at each request, and sends each answer, until ctx ends.
func (p *clusterPoller) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.requests:
		case <-p.checks:
			if p.unchanged(ctx) {
				continue
			}
		}
		a, err := p.poll(ctx)
		if err != nil {
			p.logFailure(ctx, err, "cannot ask the cluster about the term and the promoted node")
			continue
		}
		p.known = a.state
		select {
		case <-ctx.Done():
			return
		case p.answers <- a:
		}
	}
}

// unchanged reports whether it is certain that there is nothing new. If it is not, the poll that follows
// finds out, or says why it cannot.
func (p *clusterPoller) unchanged(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	return p.node.Unchanged(ctx, p.known)
}

// poll queries the cluster. While no node is promoted, a candidate may be waiting for the
// position of this one.
func (p *clusterPoller) poll(ctx context.Context) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	a := answer{askedAt: time.Now()}
	var err error
	a.state, err = p.node.QueryCluster(ctx)
	switch {
	case err != nil || p.node.Promoted():
		return a, err
	case a.state.Leader.Node == "":
		if err := p.node.AnswerOpenRounds(ctx); err != nil {
			p.logFailure(ctx, err, "cannot answer an election: another node's promotion may wait for this one")
		}
		p.seekOtherAgent(ctx)
	case p.queueing.Load():
		if a.queue, err = p.node.CopyQueue(ctx, a.state); err != nil {
			p.logFailure(ctx, err, "cannot learn when to copy: copying after a delay")
		}
	}
	return a, nil
}

// seekOtherAgent has the servers follow the promoted node of another agent, which publishes nothing, if that is
// what this backup lacks.
func (p *clusterPoller) seekOtherAgent(ctx context.Context) {
	if !p.leaderless.Load() || time.Since(p.soughtAt) < leaderlessSlow {
		return
	}
	p.soughtAt = time.Now()
	if err := p.node.FollowOtherAgent(ctx); err != nil {
		p.logFailure(ctx, err, "cannot follow a node that another agent may have promoted")
	}
}

// logFailure logs the error of a part of a poll, unless the supervisor ends.
func (p *clusterPoller) logFailure(ctx context.Context, err error, message string) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		p.failures.Log(p.log, time.Now(), logrus.WarnLevel, err, message)
	}
}
