package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"ovndb-servers/pkg/replication"
)

// Monitor observes the servers on this node, repairs what can be repaired at
// once, keeps what the node has published true, and returns the verdict.
// expectPromoted says that Pacemaker believes the instance to be promoted.
//
// What its supervisor knows is believed as long as all is well by it; else the
// cluster is asked. A server that has died gets a short time to be restarted by the
// supervisor, which is started if it is missing.
func (c *Controller) Monitor(ctx context.Context, expectPromoted bool) replication.Verdict {
	if v, ok := c.monitorSupervised(ctx, expectPromoted); ok {
		return v
	}
	if c.Complete != nil {
		c.Complete(ctx)
	}
	v := c.inspect(ctx, expectPromoted)
	if v.Broken() {
		return v
	}
	started, err := c.ensureSupervisor(ctx)
	switch {
	case err != nil:
		return v.Degraded("no supervisor restarts the servers at once: " + err.Error())
	case started:
		return v.Degraded("the supervisor was not running, or not with these parameters, and has been started")
	default:
		return v
	}
}

// restartWait is how long a monitor waits for the supervisor to restart a server.
const restartWait = 8 * time.Second

// monitorSupervised observes the servers and takes the rest from the supervisor's state, for
// which neither the cluster has to be asked nor the controller to be complete. It returns false
// if there is no supervisor, or a fault that the supervisor does not repair.
func (c *Controller) monitorSupervised(ctx context.Context, expectPromoted bool) (replication.Verdict, bool) {
	state, err := c.supervisorState()
	if err != nil || c.Supervision.Config != state.Config {
		return replication.Verdict{}, false
	}
	var v replication.Verdict
	waiting, cancel := withBudget(ctx, answerFraction, restartWait)
	defer cancel()
	err = await(waiting, func(context.Context) error {
		o := c.Observe(ctx, state.cachedView())
		o.ExpectPromoted = expectPromoted
		v = replication.Assess(o)
		if !c.underRepair(state, o, v) {
			return nil
		}
		if state, err = c.supervisorState(); err != nil {
			return backoff.Permanent(err)
		}
		return ErrServerDown
	})
	repaired := err == nil && len(v.Repairs) == 0
	switch v.Health {
	case replication.HealthActive, replication.HealthActiveDegraded, replication.HealthBackup, replication.HealthBackupDegraded:
		return v.Degraded(state.Reasons...), repaired
	case replication.HealthStopped, replication.HealthFailed, replication.HealthFailedActive:
		return v, false
	default:
		return v, false
	}
}

// underRepair reports whether the supervisor, or another action, is about to repair a fault.
func (c *Controller) underRepair(state SupervisorState, o replication.Observation, v replication.Verdict) bool {
	return !state.GaveUp && (o.Restarting() || v.Broken() && c.Acting())
}

// Acting reports whether an action is under way.
func (c *Controller) Acting() bool {
	unlock, ok, err := c.tryLock()
	if ok {
		unlock()
	}
	return err == nil && !ok
}

// inspect observes, asks the cluster and repairs.
func (c *Controller) inspect(ctx context.Context, expectPromoted bool) replication.Verdict {
	observe := func() (replication.Observation, replication.Verdict) { return c.observeLive(ctx, expectPromoted) }
	o, v := observe()
	if len(v.Repairs) > 0 {
		o, v = c.repair(ctx, observe)
	}
	if v.Health == replication.HealthStopped {
		return v
	}
	if o.All(replication.ConditionBackup) && o.Leader.Node == "" {
		c.warn(c.answerOpenRounds(ctx), "another node's promotion may wait for this one")
	}
	c.publishScore(ctx, v, o.Leader)
	if v.Leads() {
		c.warn(c.beat(ctx), "the backups cannot see that this node's data is fresh")
	}
	return v
}

// observeLive observes and asks the cluster.
func (c *Controller) observeLive(ctx context.Context, expectPromoted bool) (replication.Observation, replication.Verdict) {
	o := c.Observe(ctx, c.LiveView())
	o.ExpectPromoted = expectPromoted
	return o, replication.Assess(o)
}

// StepDownIfSuperseded makes a node that was promoted once read-only if its term is over, and
// withdraws its promotion score. When a node comes back to the cluster, the scheduler may know
// its score before it knows that of its successor, and takes it for the one to keep: any
// notification is an occasion to find that out.
func (c *Controller) StepDownIfSuperseded(ctx context.Context) error {
	if !c.promotion().held() {
		return nil
	}
	o, _ := c.observeLive(ctx, true)
	if o.Term != replication.TermOver || c.inspect(ctx, true).Health != replication.HealthFailedActive {
		return nil
	}
	return c.awaitScore(ctx, "")
}

// repair carries out a verdict's repairs, unless an action is under way, which
// is then putting things right itself. It looks again once no action can come
// between the look and the repair.
func (c *Controller) repair(ctx context.Context, observe func() (replication.Observation, replication.Verdict)) (replication.Observation, replication.Verdict) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		c.warn(err, "cannot repair")
		return observe()
	}
	defer unlock()
	o, v := observe()
	record := c.askRecord(ctx)
	for _, r := range v.Repairs {
		if err := c.carryOut(ctx, r, record); err != nil {
			v.Reasons = append(v.Reasons, err.Error())
		}
	}
	return o, v
}

func (c *Controller) carryOut(ctx context.Context, r replication.Repair, record recordQuery) error {
	switch r.Kind {
	case replication.RepairForget:
		c.warn(c.withdraw(ctx, TopicActive), "the backups may still take this node for the promoted one")
		return c.promotion().drop()
	case replication.RepairStartNorthd:
		return c.startNorthd(ctx)
	case replication.RepairStopNorthd:
		return c.StopNorthd(ctx)
	case replication.RepairPark, replication.RepairFollow:
	}
	i := slices.IndexFunc(c.Units, func(u Unit) bool { return u.Name() == r.Database })
	if i < 0 {
		return fmt.Errorf("cannot %s the server of %s: the resource has no such database", r.Kind, r.Database)
	}
	if r.Kind == replication.RepairPark {
		return c.makeBackup(ctx, c.Units[i])
	}
	return c.follow(ctx, c.Units[i], r.Source, record)
}

// publishScore brings this node's promotion score, and an active node's
// sources, in line with the verdict: the cluster forgets them when its daemons
// restart.
func (c *Controller) publishScore(ctx context.Context, v replication.Verdict, leader replication.Leader) {
	change := replication.Score(v, leader)
	if (change.Keep || change.Score == replication.ScoreLagging) && c.blessed(ctx) {
		change = replication.ScoreChange{Score: replication.ScoreElected}
	}
	switch {
	case change.Clear:
		c.warn(c.Cluster.ClearScore(ctx), "cannot remove the promotion score")
	case change.Keep && !c.hasScore(ctx):
		c.warn(c.presentData(ctx, c.askRecord(ctx)), "this node does not stand for promotion")
	case !change.Keep:
		c.warn(c.Cluster.SetScore(ctx, "", change.Score), "cannot set the promotion score")
	}
	if v.Leads() {
		c.publish(ctx)
		c.warn(c.withdraw(ctx, TopicFinal), "cannot withdraw where an earlier term ended")
	}
}

func (c *Controller) publish(ctx context.Context) {
	if !c.Listening.NodeAddress.IsValid() {
		return // a broken configuration; the backups keep the source they have
	}
	sources := SourcesAt(c.Units, c.Listening.NodeAddress)
	c.warn(c.announce(ctx, TopicActive, sources.String()), "cannot publish this node's address to the backups")
}

func (c *Controller) hasScore(ctx context.Context) bool {
	scores, err := c.Cluster.Scores(ctx)
	c.warn(err, "cannot read the promotion scores")
	return err != nil || scores[c.Node] != ""
}
