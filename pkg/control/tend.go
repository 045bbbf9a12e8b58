package control

import (
	"context"

	"ovndb-servers/pkg/replication"
)

// Tend is one look of the supervisor at the servers of this node, in the light of what
// it knows. It asks no cluster and changes nothing.
func (c *Controller) Tend(ctx context.Context, k SupervisorState) (replication.Observation, replication.Verdict, error) {
	record, err := replication.ParseRecord(k.Record)
	if err != nil {
		return replication.Observation{}, replication.Verdict{}, err
	}
	o := replication.Observation{Servers: c.Observe(ctx), Promoted: c.promotion().held(), Leader: k.Leader, Northd: c.LookAtNorthd()}
	c.readMarkers(ctx, o.Servers)
	if len(o.In(replication.ConditionActive)) > 0 && o.Promoted {
		o.Term = record.StateOf(o.Servers)
	}
	return o, replication.Assess(o), nil
}

// Repair puts right what a fresh look finds wrong. It does nothing while another action
// is under way.
func (c *Controller) Repair(ctx context.Context) (replication.Observation, replication.Verdict) {
	return c.repair(ctx, func() (replication.Observation, replication.Verdict) {
		o := c.Look(ctx)
		return o, replication.Assess(o)
	})
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
