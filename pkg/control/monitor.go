package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"ovndb-servers/pkg/replication"
)

// Monitor observes the servers on this node, repairs them, keeps the values that the node has
// published true, and returns the verdict. expectPromoted says that Pacemaker believes the
// instance to be promoted.
//
// The supervisor's state is believed as long as all is well by it; else the
// cluster is asked. A server that has died gets a short time to be restarted by the
// supervisor, which is started if it is missing.
func (c *Controller) Monitor(ctx context.Context, expectPromoted bool) replication.Verdict {
	c.noteMonitor()
	if v, ok := c.monitorSupervised(ctx, expectPromoted); ok {
		return v
	}
	if c.Complete != nil {
		c.Complete(ctx)
	}
	c.warnPrivate()
	purpose := observing{expectPromoted: expectPromoted}
	o := c.observe(ctx, c.LiveView(), purpose)
	c.observeManaged(ctx, &o)
	v := replication.Assess(o)
	if o.LeftAlone() {
		return v
	}
	v = c.repairAndPublish(ctx, o, v, purpose)
	if v.Broken() || v.Leads() && !c.Promoted() {
		return v // a supervisor makes servers read-only that are active without a term
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

// Probe observes the servers on this node for Pacemaker's question whether the resource is
// already there. It asks the cluster, and changes nothing.
func (c *Controller) Probe(ctx context.Context) replication.Verdict {
	c.warnPrivate()
	return replication.Assess(c.observe(ctx, c.LiveView(), observing{probe: true}))
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
		o := c.observe(ctx, state.View(), observing{expectPromoted: expectPromoted})
		v = replication.Assess(o)
		if !underRepair(state, o, v) && !c.settling(o, v) {
			return nil
		}
		if state, err = c.supervisorState(); err != nil {
			return backoff.Permanent(err)
		}
		return ErrServerDown
	})
	v.Waiting = state.Waiting
	// A restart that takes longer is bounded by the supervisor.
	// Whether another node leads still is asked: the supervisor may not know yet that none does.
	repaired := (err == nil || state.Restarting) && len(v.Repairs) == 0 && !v.AwaitsDemotion
	switch v.Health {
	case replication.HealthActive, replication.HealthActiveDegraded, replication.HealthBackup, replication.HealthBackupDegraded:
		return v.Degraded(state.Reasons...), repaired
	case replication.HealthStopped, replication.HealthFailed, replication.HealthFailedActive:
		return v, false
	default:
		return v, false
	}
}

// demotionWait is how long the cluster may take to demote an instance that has stepped back.
const demotionWait = 30 * time.Second

// underRepair reports whether the supervisor, or another action, is about to repair a fault.
func underRepair(state SupervisorState, o replication.Observation, v replication.Verdict) bool {
	return !state.GaveUp && (o.Restarting() || v.Broken() && o.Acting)
}

// settleWait is how long a server that was pointed at its source may take to replicate.
const settleWait = 4 * time.Second

// settling reports whether a server has just been pointed at its source, and is about to
// replicate. It is not degraded by that: an answer that says so outlives its cause in the cluster.
func (c *Controller) settling(o replication.Observation, v replication.Verdict) bool {
	if v.Health != replication.HealthBackupDegraded || len(v.Repairs) > 0 || o.Leader.Node == "" {
		return false
	}
	return slices.ContainsFunc(o.Servers, func(s replication.ServerState) bool {
		u, err := c.unitOf(s.Database)
		return err == nil && s.Link != replication.LinkReplicating && c.followed(u).heldFor(settleWait)
	})
}

// Acting reports whether an action is under way.
func (c *Controller) Acting() bool { return c.locked(stateLock) }

// observeAndRepair observes, asks the cluster and repairs.
func (c *Controller) observeAndRepair(ctx context.Context, expectPromoted bool) replication.Verdict {
	purpose := observing{expectPromoted: expectPromoted}
	o, v := c.observeLive(ctx, purpose)
	return c.repairAndPublish(ctx, o, v, purpose)
}

// repairAndPublish repairs what an observation has found, and keeps the published values true.
func (c *Controller) repairAndPublish(ctx context.Context, o replication.Observation, v replication.Verdict, purpose observing) replication.Verdict {
	c.warn(c.takeServers(ctx, o.Servers), "another agent's processes may restart the servers")
	if len(v.Repairs) > 0 {
		o, v = c.repair(ctx, v, purpose)
	}
	if v.Health == replication.HealthStopped || o.OtherAgent {
		return v
	}
	if o.All(replication.ConditionBackup) && o.Leader.Node == "" && !o.Promoted() {
		c.warn(c.AnswerOpenRounds(ctx), "another node's promotion may wait for this one")
	}
	_, _ = c.Publish(ctx, v, o.Leader) // the next monitor does it again
	if v.Leads() && o.AllActive() {
		c.warn(c.Beat(ctx, *o.Own, c.FileReaders()), "the backups cannot see that this node's data is fresh")
	}
	return v
}

// observeLive observes and asks the cluster.
func (c *Controller) observeLive(ctx context.Context, purpose observing) (replication.Observation, replication.Verdict) {
	o := c.observe(ctx, c.LiveView(), purpose)
	return o, replication.Assess(o)
}

// StepDownIfSuperseded makes a node that was promoted once read-only if its term is over, and
// withdraws its promotion score. When a node comes back to the cluster, the scheduler may know
// its score before it knows that of its successor, and takes it for the one to keep: any
// notification is an occasion to find that out.
func (c *Controller) StepDownIfSuperseded(ctx context.Context) error {
	if !c.Promoted() {
		return nil
	}
	if _, v := c.observeLive(ctx, observing{expectPromoted: true}); !v.Over || !c.observeAndRepair(ctx, true).Over {
		return nil
	}
	return c.awaitScore(ctx, "")
}

// repair carries out the repairs that a new observation asks for, once no action can come
// between the two. While another action is under way, which puts servers right itself, only the
// repairs of v are made that cannot wait for it.
func (c *Controller) repair(ctx context.Context, v replication.Verdict, purpose observing) (replication.Observation, replication.Verdict) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		c.warn(err, "cannot repair")
		c.repairUrgently(ctx, v)
		return c.observeLive(ctx, purpose)
	}
	defer unlock()
	purpose.locked = true
	o, v := c.observeLive(ctx, purpose)
	record := c.askRecord(ctx)
	refused := 0
	for _, r := range v.Repairs {
		err := c.carryOut(ctx, r, record)
		switch {
		case err == nil && r.Kind == replication.RepairForget:
			v.OwnTermID = ""
		case err != nil:
			v = v.Unrepaired(r, err.Error())
			if refusedForGood(err) {
				refused++
			}
		}
	}
	v.Refused = refused > 0 && refused == len(v.RepairErrors)
	return o, v
}

// repairUrgently carries out the repairs of v that do not wait for the action that is under way, unless that is
// a promotion or a demotion which has begun or ended the term since v was observed.
func (c *Controller) repairUrgently(ctx context.Context, v replication.Verdict) {
	if !slices.ContainsFunc(v.Repairs, func(r replication.Repair) bool { return r.Urgent }) {
		return
	}
	release, ok := c.holdTerm(ctx, v.OwnTermID)
	switch {
	case ok:
		defer release()
	case v.OwnTermID == "" || !c.leadsStill(v.OwnTermID): // else the promotion is under way that has begun that term
		return
	}
	for _, r := range v.Repairs {
		if r.Urgent {
			c.Log.WithField("reason", v.Reason()).Warn("making a server read-only while an action is under way")
			c.warn(c.carryOut(ctx, r, nil), "this node may be writable without leading")
		}
	}
}

func (c *Controller) carryOut(ctx context.Context, r replication.Repair, record recordQuery) error {
	switch r.Kind {
	case replication.RepairForget:
		c.warn(c.withdraw(ctx, TopicActive), "the backups may still take this node for the promoted one")
		c.warn(c.steppedBack().take(), "a monitor may count a failure before the cluster demotes this node")
		return c.dropOwnTerm()
	case replication.RepairRecord:
		return c.restoreRecord(ctx)
	case replication.RepairConfirm:
		return c.confirmTerm(record)
	case replication.RepairTakeOver:
		return c.takeOver(ctx)
	case replication.RepairStartNorthd:
		return c.startNorthd(ctx)
	case replication.RepairStopNorthd:
		return c.StopNorthd(ctx)
	case replication.RepairPark, replication.RepairFollow:
	}
	u, err := c.unitOf(r.Database)
	if err != nil {
		return fmt.Errorf("cannot %s the server of %s: %w", r.Kind, r.Database, err)
	}
	if r.Kind == replication.RepairPark {
		return c.makeBackup(ctx, u)
	}
	return c.follow(ctx, u, r.Source, record)
}

// restoreRecord swaps the record of this node's term in again, which has gone or gone back.
func (c *Controller) restoreRecord(ctx context.Context) error {
	own, err := c.OwnTerm()
	if err != nil || own == nil {
		return err
	}
	record, text, err := c.readRecord(ctx)
	if err != nil {
		return err
	}
	if own.Judge(record) != replication.TermRecordLost {
		return nil
	}
	if err := c.swapRecord(ctx, text, own.Record.String()); err != nil {
		return err
	}
	c.Log.WithField("term", own.Record.Term).WithField("found", record.Describe()).
		Warn("the cluster record had gone back, and was restored by the node that leads")
	return nil
}

// publishScore brings this node's promotion score, and an active node's
// sources, in line with the verdict: the cluster forgets them when its daemons
// restart. The error is for a value that the cluster has not taken, which is logged.
func (c *Controller) publishScore(ctx context.Context, v replication.Verdict, leader replication.Leader) error {
	if leader.Node != "" {
		c.warn(c.forgetElections(), "notes of elections stay")
	}
	change := replication.DecideScore(v, leader, c.yielding())
	if (change.Keep || change.Clear && v.Barred || change.Score == replication.ScoreLagging) && c.blessed(ctx) {
		change = replication.ScoreChange{Score: replication.ScoreElected}
	}
	var err error
	switch {
	case change.Clear:
		err = c.Cluster.ClearScore(ctx)
		c.warn(err, "cannot remove the promotion score")
		c.noteBarred(v, leader)
	case change.Keep && !c.hasScore(ctx):
		err = c.presentAgain(ctx)
		c.warn(err, "this node does not stand for promotion")
	case !change.Keep:
		err = c.Cluster.KeepScore(ctx, change.Score)
		c.warn(err, "cannot set the promotion score")
	}
	return errors.Join(err, c.keepAddress(ctx, v))
}

// keepAddress publishes the address of an active node, and withdraws one that a demotion could not withdraw.
func (c *Controller) keepAddress(ctx context.Context, v replication.Verdict) error {
	if v.Leads() {
		return c.publish(ctx)
	}
	if !c.announced(TopicActive).held() || c.Promoted() {
		return nil
	}
	err := c.withdraw(ctx, TopicActive)
	c.warn(err, "the backups may still take this node for the promoted one")
	return err
}

// noteBarred begins the time that lead_when_behind bounds, where the data here may not lead and no
// election has begun it: a node without a score is not asked.
func (c *Controller) noteBarred(v replication.Verdict, leader replication.Leader) {
	if v.Barred && leader.Node == "" && !c.noLeader().held() {
		c.warn(c.noteNoLeader(""), "lead_when_behind does not take effect")
	}
}

// forgetElections drops the notes that hold until a node leads.
func (c *Controller) forgetElections() error {
	return errors.Join(c.yielded().drop(), c.missedRounds().drop(), c.dropNoLeader())
}

// publish publishes this node's address. The error is logged.
func (c *Controller) publish(ctx context.Context) error {
	if !c.Listening.NodeAddress.IsValid() {
		return nil // a broken configuration; the backups keep the source they have
	}
	sources := SourcesAt(c.Units, c.Listening.NodeAddress)
	err := c.announce(ctx, TopicActive, sources.String())
	c.warn(err, "cannot publish this node's address to the backups")
	return err
}

// hasScore reports whether this node has a score with which it may be asked: none that it set for yielding, or while
// it did not follow the promoted node.
func (c *Controller) hasScore(ctx context.Context) bool {
	scores, err := c.Cluster.Scores(ctx)
	c.warn(err, "cannot read the promotion scores")
	score := scores[c.Node]
	none := []string{"", replication.ScoreNever.String(), replication.ScoreLagging.String()}
	return err != nil || !slices.Contains(none, score)
}
