package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ovndb-servers/pkg/replication"

	"github.com/cenkalti/backoff/v4"
)

// Monitor observes the servers on this node, repairs what can be repaired at
// once, keeps what the node has published true, and returns the verdict.
// expectPromoted says that Pacemaker believes the instance to be promoted.
//
// What its supervisor knows is believed as long as all is well by it; else the
// cluster is asked. A server that has died gets a short time to be restarted by the
// supervisor, which is started if it is missing.
func (c *Controller) Monitor(ctx context.Context, expectPromoted bool) replication.Verdict {
	if v, ok := c.Glance(ctx, expectPromoted); ok {
		return v
	}
	return c.Examine(ctx, expectPromoted)
}

// Examine is the part of a monitor for which the cluster is asked: where there is no
// supervisor, or something that it could not mend.
func (c *Controller) Examine(ctx context.Context, expectPromoted bool) replication.Verdict {
	v := c.inspect(ctx, expectPromoted)
	if v.Health == replication.HealthStopped || v.Health == replication.HealthFailed || v.Health == replication.HealthFailedActive {
		return v
	}
	started, err := c.ensureSupervisor(ctx)
	switch {
	case err != nil:
		return v.Degraded("nobody restarts the servers at once: " + err.Error())
	case started:
		return v.Degraded("the supervisor was not running, or not with these parameters, and has been started")
	default:
		return v
	}
}

// revivalMost is how long a monitor waits for the supervisor to restart a server.
const revivalTimeout = 8 * time.Second

// Glance observes the servers and takes the rest from what the supervisor knows: the
// cheap part of a monitor, for which the controller needs neither the owner of the files
// nor this node's address. It returns false if there is no supervisor, or if it could not
// mend what is wrong.
func (c *Controller) Glance(ctx context.Context, expectPromoted bool) (replication.Verdict, bool) {
	k, err := c.supervisorState()
	if err != nil || c.Supervision.Config != k.Config {
		return replication.Verdict{}, false
	}
	var v replication.Verdict
	waiting, cancel := withBudget(ctx, answerFraction, revivalTimeout)
	defer cancel()
	err = await(waiting, func(context.Context) error {
		var mending bool
		v, mending = c.glance(ctx, k, expectPromoted)
		if !mending {
			return nil
		}
		if k, err = c.supervisorState(); err != nil {
			return backoff.Permanent(err)
		}
		return ErrServerDown
	})
	mended := err == nil && len(v.Repairs) == 0
	switch v.Health {
	case replication.HealthActive, replication.HealthActiveDegraded, replication.HealthBackup, replication.HealthBackupDegraded:
		return v.Degraded(k.Reasons...), mended
	case replication.HealthStopped, replication.HealthFailed, replication.HealthFailedActive:
		return v, false
	default:
		return v, false
	}
}

// glance looks once, in the light of what the supervisor knows, and reports whether it is
// about to mend what is wrong.
func (c *Controller) glance(ctx context.Context, k SupervisorState, expectPromoted bool) (v replication.Verdict, mending bool) {
	o := replication.Observation{
		Servers: c.Observe(ctx), Promoted: c.promotion().held(), ExpectPromoted: expectPromoted,
		Leader: k.Leader, Term: k.Term, Northd: c.LookAtNorthd(),
	}
	v = replication.Assess(o)
	return v, !k.GaveUp && (o.Restarting() || v.Broken() && c.Acting())
}

// Acting reports whether an action is under way, which may be about to mend what is broken.
func (c *Controller) Acting() bool {
	unlock, ok, err := c.tryLock()
	if ok {
		unlock()
	}
	return err == nil && !ok
}

// inspect is a monitor that believes nobody.
func (c *Controller) inspect(ctx context.Context, expectPromoted bool) replication.Verdict {
	look := func() (replication.Observation, replication.Verdict) {
		o := c.Look(ctx)
		o.ExpectPromoted = expectPromoted
		return o, replication.Assess(o)
	}
	o, v := look()
	if len(v.Repairs) > 0 {
		o, v = c.repair(ctx, look)
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

// Reconsider makes a node that was promoted once read-only if its term is over,
// and withdraws its promotion score. When a node comes back to the cluster, the
// scheduler may know its score before it knows that of its successor, and takes it
// for the one to keep: any notification is an occasion to learn better.
func (c *Controller) Reconsider(ctx context.Context) error {
	if !c.promotion().held() || c.Look(ctx).Term != replication.TermOver || c.inspect(ctx, true).Health != replication.HealthFailedActive {
		return nil
	}
	return c.awaitScore(ctx, "")
}

// Look observes the servers on this node and whom they should follow, and
// changes nothing.
func (c *Controller) Look(ctx context.Context) replication.Observation {
	o := replication.Observation{Servers: c.Observe(ctx), Promoted: c.promotion().held(), Northd: c.LookAtNorthd()}
	if len(o.In(replication.ConditionActive)) > 0 && o.Promoted {
		c.readMarkers(ctx, o.Servers)
		o.Term = c.termState(ctx, o.Servers)
	}
	if len(o.In(replication.ConditionBackup)) == 0 {
		return o
	}
	leader, err := c.leader(ctx)
	c.warn(err, "backups are not checked against the promoted node")
	o.Leader = leader
	return o
}

// repair carries out a verdict's repairs, unless an action is under way, which
// is then putting things right itself. It looks again once no action can come
// between the look and the repair.
func (c *Controller) repair(ctx context.Context, look func() (replication.Observation, replication.Verdict)) (replication.Observation, replication.Verdict) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		c.warn(err, "cannot repair")
		return look()
	}
	defer unlock()
	o, v := look()
	record := c.recordOnce(ctx)
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

// keepPublished brings this node's promotion score, and an active node's
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
		c.warn(c.presentData(ctx, c.recordAsked(ctx)), "this node does not stand for promotion")
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
