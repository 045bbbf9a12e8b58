package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/replication"
)

// elect gathers the ballot of a round and decides on it. A round that lacks an
// answer stays open, so that a late one still serves the promotion.
func (c *Controller) elect(ctx context.Context, g replication.ElectionInput, round string, e replication.Participants) (replication.Decision, replication.Positions, error) {
	b := replication.Election{Record: g.Record, Self: c.Node, Absent: e.Absent, Blessed: g.Blessing != nil}
	lost, err := c.poll(ctx, g, round, e, &b)
	if err != nil {
		return replication.Decision{}, nil, err
	}
	c.closeRound(ctx, round)
	if g.Blessing == nil {
		err = c.catchUp(ctx, &b, g.Finals)
	}
	choice, own := replication.Elect(b), b.Candidates[c.Node]
	if lost && choice.Lead {
		choice = replication.Decision{Reason: fmt.Sprintf("it has lost rows since it was demoted: start the others, or use: ovndb-servers bless "+
			"(it ended at %s and holds %s; no node that takes part holds more)", g.Said.Summary(), own.Summary())}
	}
	return choice, own, err
}

// poll puts all that take part on the ballot, and reports whether this node has lost rows
// that are known to exist. After a planned demotion nobody else has to be asked, unless
// it has.
func (c *Controller) poll(ctx context.Context, g replication.ElectionInput, round string, e replication.Participants, b *replication.Election) (lost bool, err error) {
	own, err := c.positions(ctx)
	if err != nil {
		return false, err
	}
	b.Candidates = map[string]replication.Positions{c.Node: own}
	if g.Blessing != nil {
		c.Log.WithField("reason", g.Blessing.Reason).Warn("an operator has let this node's data lead")
		return false, nil
	}
	if lost = g.Lost(own); lost {
		c.Log.WithField("ended", g.Said.Summary()).WithField("holds", own.Summary()).
			Warn("this node has lost rows since it was demoted, and asks the others what they hold")
		// So that they answer the next time, if not now.
		c.warn(c.announce(ctx, TopicFinal, replication.AtLeast+" "+g.Said.String()), "the other nodes may not answer")
	}
	if lost || !g.HandedOver() {
		b.Candidates, err = c.answers(ctx, round, e)
	}
	return lost, err
}

// closeRound lets the other nodes go, if they were asked: their answers are in.
func (c *Controller) closeRound(ctx context.Context, round string) {
	if c.announced(TopicRound).read() == round {
		c.warn(c.announce(ctx, TopicRound, round+roundDone), "the other nodes wait in vain for the election to end")
	}
}

// answers awaits the positions of all that take part, and adds this node's own.
func (c *Controller) answers(ctx context.Context, round string, e replication.Participants) (map[string]replication.Positions, error) {
	if err := c.call(ctx, round); err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(e.Nodes), func(node string) bool { return node == c.Node })
	var found map[string]replication.Positions
	waiting, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	err := await(waiting, func(ctx context.Context) error {
		published, err := c.Cluster.Published(ctx, TopicPosition)
		if err != nil {
			return err
		}
		found = replication.ReadAnswers(published, round)
		if e.Nodes == nil {
			found = replication.ReadAnswers(published, "")
		}
		return replication.MissingAnswers(found, others)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot decide the election: %w", err)
	}
	found[c.Node], err = c.positions(ctx)
	return found, err
}

// call asks the other nodes for their positions, unless they have been asked.
func (c *Controller) call(ctx context.Context, round string) error {
	if round == "" || strings.TrimSuffix(c.announced(TopicRound).read(), roundDone) == round {
		return nil
	}
	if err := c.announce(ctx, TopicRound, round); err != nil {
		return fmt.Errorf("cannot call an election: %w", err)
	}
	return nil
}

// catchUp waits until this node's data has reached where a demoted node's
// ended, and puts that node on the ballot: what a planned demotion left behind
// is never given up for less.
func (c *Controller) catchUp(ctx context.Context, b *replication.Election, finals map[string]replication.Positions) error {
	if len(finals) == 0 {
		return nil
	}
	waiting, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	late := c.awaitFinals(waiting, *b, finals)
	c.warn(late, "this node has not received all that the demoted node wrote")
	for node, final := range finals {
		if _, takesPart := b.Candidates[node]; !takesPart || b.Candidates[node].CompareWithin(*b.Record, final) < 0 {
			b.Candidates[node] = final
		}
	}
	own, err := c.positions(ctx)
	if err == nil {
		b.Candidates[c.Node] = own
	}
	return err
}

func (c *Controller) awaitFinals(ctx context.Context, b replication.Election, finals map[string]replication.Positions) error {
	for node, final := range finals {
		if err := c.awaitPosition(ctx, *b.Record, node, final); err != nil {
			return err
		}
	}
	return nil
}

// ErrNotFollowing is returned when this node waits for no rows of another one, as
// its servers follow nobody.
var ErrNotFollowing = errors.New("this node follows nobody")

// sessionTimeout is how long a session to another node's server may take to come back.
const sessionTimeout = 2 * time.Second

// awaitPosition waits until this node's data holds all that final says, while
// there is a chance of it: a server that has died sends nothing more.
func (c *Controller) awaitPosition(ctx context.Context, r replication.Record, node string, final replication.Positions) error {
	following, connected := c.follows(ctx), time.Now()
	var behind error
	files := c.FileReaders()
	err := await(ctx, func(ctx context.Context) error {
		own, err := files.positions(ctx)
		if err == nil && (!own.Current(r) || own.CompareWithin(r, final) < 0) {
			err = fmt.Errorf("node %s ended at %s, this node is at %s", node, final.Summary(), own.Summary())
		}
		if err == nil {
			return nil
		}
		if following && c.replicates(ctx) {
			connected = time.Now()
		}
		if !following || time.Since(connected) > sessionTimeout {
			behind, err = err, nil
		}
		return err
	})
	if behind != nil {
		return fmt.Errorf("%w: %w", ErrNotFollowing, behind)
	}
	return err
}

// replicates reports whether every server has a session with the one it is a backup of.
func (c *Controller) replicates(ctx context.Context) bool {
	for _, s := range c.observeServers(ctx) {
		if s.Condition != replication.ConditionBackup || s.Link != replication.LinkReplicating {
			return false
		}
	}
	return true
}

// follows reports whether every server is a backup of another one.
func (c *Controller) follows(ctx context.Context) bool {
	for i, s := range c.observeServers(ctx) {
		if s.Condition != replication.ConditionBackup || s.Source == c.Units[i].Endpoint.Parking() {
			return false
		}
	}
	return true
}
