package replication

import (
	"context"
)

// Tend is one look of the supervisor at the servers of this node, in the light of what
// it knows. It asks no cluster and changes nothing.
func (c *Controller) Tend(ctx context.Context, k Knowledge) (Observation, Verdict, error) {
	record, err := ParseRecord(k.Record)
	if err != nil {
		return Observation{}, Verdict{}, err
	}
	o := Observation{Servers: c.Observe(ctx), Promoted: c.promotion().held(), Leader: k.Leader, Northd: c.LookAtNorthd()}
	c.readMarkers(ctx, o.Servers)
	if len(o.in(ConditionActive)) > 0 && o.Promoted {
		o.Term = record.stateOf(o.Servers)
	}
	return o, Assess(o), nil
}

// Repair puts right what a fresh look finds wrong. It does nothing while another action
// is under way.
func (c *Controller) Repair(ctx context.Context) (Observation, Verdict) {
	return c.repair(ctx, func() (Observation, Verdict) {
		o := c.Look(ctx)
		return o, Assess(o)
	})
}

// AllBackup tells whether every server answers and is read-only, AllActive whether
// every one is active on a node that was promoted.
func (o Observation) AllBackup() bool { return o.all(ConditionBackup) }

// AllActive is described at AllBackup.
func (o Observation) AllActive() bool { return o.all(ConditionActive) && o.Promoted }

// Beat counts up the beats of an active node.
func (c *Controller) Beat(ctx context.Context) error { return c.beat(ctx) }

// AnswerOpenRounds answers the elections that other nodes are holding.
func (c *Controller) AnswerOpenRounds(ctx context.Context) error { return c.answerOpenRounds(ctx) }

// Publish brings this node's promotion score, and an active node's address, in line
// with a verdict, unless another action is under way: then it returns false.
func (c *Controller) Publish(ctx context.Context, v Verdict, leader Leader) bool {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false
	}
	defer unlock()
	c.keepPublished(ctx, v, leader)
	return true
}

// Failed returns the databases whose server is there but does not work, though it has
// nothing to do.
func (o Observation) Failed() []string {
	var databases []string
	for _, s := range o.in(ConditionFailed) {
		databases = append(databases, s.Database)
	}
	return databases
}

// Broken tells whether a server is missing or does not work.
func (o Observation) Broken() bool {
	return len(o.in(ConditionFailed))+len(o.in(ConditionAbsent)) > 0
}
