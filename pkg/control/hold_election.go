package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// Bounds on waiting for other nodes' agents. They answer within a fraction of a
// second when they are notified at the same time, else with their next monitor.
const (
	answersTimeout = 12 * time.Second
	settleTimeout  = 3 * time.Second
)

// HoldElection is the part of the node that Pacemaker has chosen before its promotion, while the
// others answer. If another node should lead, the scores are changed at once: Pacemaker then
// chooses again, before it promotes and without a failure on this node's account. A node that leads
// holds none: Pacemaker promotes it once more where it has lost the result of the last monitor, as
// between a reload and the next one.
func (c *Controller) HoldElection(ctx context.Context, p replication.Participants) error {
	if term, err := c.heldTerm(ctx); err != nil || term != 0 {
		return err
	}
	round := uuid.NewString()
	c.warn(c.calledRound().write(round), "the promotion calls another election")
	result, err := c.elect(ctx, p, round)
	if err != nil {
		return err
	}
	c.yieldRole(ctx, result.decision)
	return result.decision.Err(c.Node)
}

// yieldRole is standAside once the supervisor publishes no score that it decided before: that would come last.
func (c *Controller) yieldRole(ctx context.Context, d replication.Decision) {
	waiting, cancel := withBudget(ctx, answerFraction, settleTimeout)
	defer cancel()
	unlock, err := c.lockTogether(waiting)
	if err == nil {
		defer unlock()
	}
	c.warn(err, "the promotion score may be one from before the election")
	c.standAside(ctx, d)
}

// election is one that was held.
type election struct {
	replication.Election

	// recordText is the cluster record as it was read, for the swap.
	recordText string
	decision   replication.Decision
	// askedUnable says that the cluster was asked which nodes cannot take the role.
	askedUnable bool
}

// elect gathers the answers to a round and decides. Where this node's own data decides, as
// after a planned demotion, no other node is asked.
func (c *Controller) elect(ctx context.Context, p replication.Participants, round string) (*election, error) {
	e, err := c.electAlone(ctx, p)
	if err != nil {
		return nil, err
	}
	if !e.decision.Lead {
		if err := c.poll(ctx, e, round, p); err != nil {
			return nil, err
		}
	}
	c.noteOutcome(e)
	return e, nil
}

// electAlone decides as far as this node can before it asks the others.
func (c *Controller) electAlone(ctx context.Context, p replication.Participants) (*election, error) {
	record, text, err := c.readRecord(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot hold an election: %w", err)
	}
	c.noteTerm(record)
	e := &election{recordText: text}
	e.Record, e.Self, e.Absent, e.WhenBehind = record, c.Node, p.Absent, c.mayLeadBehind()
	e.Known = c.knownTerms().latest
	if e.Blessing, err = c.blessing(ctx, record); err != nil {
		return nil, err
	}
	e.Candidates = map[string]replication.Candidate{}
	for _, node := range p.Nodes {
		e.Candidates[node] = replication.Candidate{Rounds: c.roundsMissed(record, node)}
	}
	if err := c.awaitEnd(ctx, record); err != nil && e.Blessing == nil {
		c.Log.WithError(err).Warn("this node has not received all that the demoted node wrote")
	}
	if err := c.addOwn(ctx, e); err != nil {
		return nil, err
	}
	e.decision = e.Decide()
	return e, nil
}

func (c *Controller) addOwn(ctx context.Context, e *election) error {
	held, err := c.heldPositions(ctx)
	own := e.Candidates[c.Node]
	own.Positions = held
	e.Candidates[c.Node] = own
	return err
}

// poll asks the other nodes, and decides on their answers. Before this node's own data counts,
// it is parked: a source that comes back by itself would change it.
func (c *Controller) poll(ctx context.Context, e *election, round string, p replication.Participants) error {
	if err := c.parkLeaderless(ctx); err != nil {
		return err
	}
	if err := c.addOwn(ctx, e); err != nil {
		return err
	}
	if err := c.call(ctx, round); err != nil {
		return err
	}
	asked := round
	if p.Nodes == nil {
		asked = "" // Pacemaker does not say who takes part: any position counts
	}
	err := c.collect(ctx, e, asked)
	if unanswered := new(replication.UnansweredError); errors.As(err, &unanswered) {
		return nil // the decision says so; the round stays open for a late answer
	}
	c.closeRound(ctx, round)
	if err == nil && e.decision.Yield != "" {
		c.addUnable(ctx, e)
	}
	return err
}

// collect adds the answers to a round as they come, and decides on them, until no other one has
// to be waited for.
func (c *Controller) collect(ctx context.Context, e *election, round string) error {
	waiting, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	began := time.Now()
	return await(waiting, func(ctx context.Context) error {
		published, err := c.Cluster.Published(ctx, TopicPosition)
		if err != nil {
			return err
		}
		e.addAnswers(replication.ReadAnswers(published, round))
		e.decision = e.Decide()
		if len(e.decision.Wait) > 0 && time.Since(began) > unableDelay {
			c.addUnable(ctx, e)
		}
		if len(e.decision.Wait) > 0 && time.Since(began) > otherAgentDelay {
			e.addOtherAgents(published)
		}
		if len(e.decision.Wait) > 0 {
			return e.decision.Err(c.Node)
		}
		return nil
	})
}

// call asks the other nodes for their positions, unless they have been asked.
func (c *Controller) call(ctx context.Context, round string) error {
	if strings.TrimSuffix(c.announced(TopicRound).read(), roundDone) == round {
		return nil
	}
	if err := c.announce(ctx, TopicRound, round); err != nil {
		return fmt.Errorf("cannot call an election: %w", err)
	}
	return nil
}

// unableDelay is how long answers are waited for before the cluster is asked which nodes cannot
// take the role: that question costs more than all others.
const unableDelay = 500 * time.Millisecond

// mayLeadBehind reports whether data that was behind may lead: no node has been allowed to for as
// long as the operator is ready to wait.
func (c *Controller) mayLeadBehind() bool {
	return c.LeadWhenBehind > 0 && c.noLeader().held() && c.noLeaderSince().elapsed() > c.LeadWhenBehind
}

// addUnable marks the nodes that cannot take the role and decides again. The cluster is asked
// once.
func (c *Controller) addUnable(ctx context.Context, e *election) {
	if e.askedUnable {
		return
	}
	e.askedUnable = true
	unable, err := c.Cluster.Unable(ctx)
	c.warn(err, "nodes that cannot be promoted are waited for")
	for node, reason := range unable {
		if candidate, takesPart := e.Candidates[node]; takesPart && node != c.Node {
			candidate.Unable = reason
			e.Candidates[node] = candidate
		}
	}
	e.decision = e.Decide()
}

func (e *election) addAnswers(answers map[string]replication.Positions) {
	for node, positions := range answers {
		if node == e.Self {
			continue
		}
		candidate := e.Candidates[node]
		candidate.Positions = positions
		e.Candidates[node] = candidate
	}
}

// roundDone is added to the name of a round once it needs no more answers.
const roundDone = " done"

// closeRound lets the other nodes go: their answers are in.
func (c *Controller) closeRound(ctx context.Context, round string) {
	c.warn(c.announce(ctx, TopicRound, round+roundDone), "the other nodes wait for this election longer than needed")
}

// noteOutcome counts the nodes that were waited for, and keeps the reason why no node may lead
// for the monitors of this node.
func (c *Controller) noteOutcome(e *election) {
	d := e.decision
	missed := slices.Clone(d.Wait)
	if d.Yield != "" {
		missed = append(missed, d.Yield)
	}
	c.warn(c.missRounds(e.Record, missed), "a node that does not come is waited for again")
	if d.Lead || d.Yield != "" || len(d.Wait) > 0 {
		c.warn(c.dropNoLeader(), "a reason that is no longer true is reported")
	} else if reason := replication.CleanReason(d.Reason); reason != c.noLeader().read() {
		c.warn(c.noteNoLeader(reason), "monitors do not say why no node leads")
	}
	if d.Lead && d.Reason != "" {
		c.Log.WithField("rule", string(d.Rule)).Warn("this node leads: " + d.Reason)
	}
	c.keepElection(e)
}

// noteNoLeader keeps the reason why no node may lead. The time for which that lasts goes on.
func (c *Controller) noteNoLeader(reason string) error {
	if !c.noLeader().held() {
		c.noLeaderSince().clear()
	}
	c.noLeaderSince().elapsed()
	return c.noLeader().write(reason)
}

func (c *Controller) dropNoLeader() error {
	c.noLeaderSince().clear()
	return c.noLeader().drop()
}

// standAside gives the promotion to the node that should have it, or to none, and waits until
// the scheduler can see it. A smaller step than -INFINITY would lose against an operator's
// preference for this node.
func (c *Controller) standAside(ctx context.Context, d replication.Decision) {
	switch {
	case d.Lead, len(d.Wait) > 0:
		return
	case d.Yield == "":
		c.warn(c.Cluster.ClearScore(ctx), "cannot remove the promotion score")
		c.warn(c.awaitScore(ctx, ""), "the scheduler may not know yet that this node must not lead")
		return
	}
	c.warn(c.yielded().write(d.Yield), "the promotion score comes back early")
	parallel.Do(
		func() {
			c.warn(c.Cluster.SetScore(ctx, d.Yield, replication.ScoreElected), "cannot raise the elected node's promotion score")
		},
		func() {
			c.warn(c.Cluster.SetScore(ctx, "", replication.ScoreNever), "cannot lower the promotion score")
		},
	)
	c.warn(c.awaitScore(ctx, replication.ScoreNever.String()), "the scheduler may not know yet that another node should lead")
}

// yieldTimeout is for how long this node stays away from the role after it has left it to
// another node that has not taken it.
const yieldTimeout = 10 * time.Second

// yielding reports whether this node has left the promotion to another one and waits for it.
func (c *Controller) yielding() bool { return c.yielded().heldFor(yieldTimeout) }

// awaitScore waits until the scheduler can see this node's promotion score.
func (c *Controller) awaitScore(ctx context.Context, want string) error {
	waiting, cancel := withBudget(ctx, answerFraction, settleTimeout)
	defer cancel()
	return await(waiting, func(ctx context.Context) error {
		score, err := c.Cluster.ScoreInCIB(ctx)
		if err == nil && score != want {
			err = fmt.Errorf("the score in the CIB is %q and not %q", score, want)
		}
		return err
	})
}

// takeRound returns the round that this node has called for its promotion, once; a new one if
// the notification before the promotion did not run here.
func (c *Controller) takeRound() string {
	round := c.calledRound().read()
	c.warn(c.calledRound().drop(), "old answers may count in the next election")
	if round == "" {
		return uuid.NewString()
	}
	return round
}

// roundsMissed returns how often a node was waited for in the record's term and has not led.
func (c *Controller) roundsMissed(record *replication.Record, node string) int {
	count := 0
	for _, missed := range c.missedNodes(record) {
		if missed == node {
			count++
		}
	}
	return count
}

// missedNodes returns the nodes that were waited for in the record's term, each once for each
// time. The note is "TERM-ID NODE NODE...".
func (c *Controller) missedNodes(record *replication.Record) []string {
	fields := strings.Fields(c.missedRounds().read())
	if len(fields) == 0 || fields[0] != termName(record) {
		return nil
	}
	return fields[1:]
}

func (c *Controller) missRounds(record *replication.Record, nodes []string) error {
	if len(nodes) == 0 {
		return nil
	}
	missed := append([]string{termName(record)}, c.missedNodes(record)...)
	return c.missedRounds().write(strings.Join(append(missed, nodes...), " "))
}

// termName names a record's term in a note.
func termName(record *replication.Record) string {
	if record == nil {
		return "-"
	}
	return record.TermID
}
