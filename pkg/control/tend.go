package control

import (
	"context"

	"ovndb-servers/pkg/replication"
)

// Tend is one observation by the supervisor, in the light of its state. It asks no cluster and
// changes nothing.
func (c *Controller) Tend(ctx context.Context, state SupervisorState) (replication.Observation, replication.Verdict, error) {
	view, err := state.WatchView()
	if err != nil {
		return replication.Observation{}, replication.Verdict{}, err
	}
	o := c.Observe(ctx, view)
	return o, replication.Assess(o), nil
}

// Repair repairs the faults that a new observation finds. It does nothing while another action
// is under way.
func (c *Controller) Repair(ctx context.Context) (replication.Observation, replication.Verdict) {
	return c.repair(ctx, func() (replication.Observation, replication.Verdict) { return c.observeLive(ctx, false) })
}

// Promoted reports whether this node was promoted and not demoted since.
func (c *Controller) Promoted() bool { return c.promotion().held() }

// Beat counts up the beats of an active node.
func (c *Controller) Beat(ctx context.Context) error { return c.beat(ctx) }

// AnswerOpenRounds answers the elections that other nodes are holding.
func (c *Controller) AnswerOpenRounds(ctx context.Context) error { return c.answerOpenRounds(ctx) }

// Publish brings this node's promotion score, and an active node's address, in line
// with a verdict, unless another action is under way: then it returns false.
func (c *Controller) Publish(ctx context.Context, v replication.Verdict, leader replication.Leader) bool {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false
	}
	defer unlock()
	c.publishScore(ctx, v, leader)
	return true
}
