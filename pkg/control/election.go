package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"ovndb-servers/pkg/replication"
)

// Bounds on waiting for other nodes' agents. They answer within a fraction of a
// second when they are notified at the same time, else with their next monitor.
const (
	answersTimeout = 12 * time.Second
	callTimeout    = 1500 * time.Millisecond
	settleTimeout  = 3 * time.Second
)

// HoldElection is what the node that Pacemaker has chosen does before its
// promotion, while the others answer. If another node should lead, the scores
// are changed at once: Pacemaker then chooses again, before it promotes and
// without a failure on this node's account.
func (c *Controller) HoldElection(ctx context.Context, e replication.Participants) error {
	round := uuid.NewString()
	if err := c.calledRound().write(round); err != nil {
		return err
	}
	if c.handedOver().heldLately() {
		return nil
	}
	g, err := c.electionInput(ctx)
	if err != nil {
		return err
	}
	choice, _, err := c.elect(ctx, g, round, e)
	if err != nil {
		return err
	}
	if choice.Lead {
		return nil
	}
	c.standAside(ctx, choice)
	return &replication.ElectionError{Node: c.Node, Decision: choice}
}

// roundDone is added to the name of a round once it needs no more answers.
const roundDone = " done"

// AnswerElection is what every other node does meanwhile: it publishes what it
// holds, in answer to the round that the chosen node calls. Under load Pacemaker
// notifies one node after another, so that the call may have come already or
// come later: then the supervisor, or the next monitor, answers it. After a planned
// demotion nobody is asked.
func (c *Controller) AnswerElection(ctx context.Context, chosen string) error {
	if c.nobodyIsAsked(ctx) {
		return nil
	}
	waiting, cancel := withBudget(ctx, answerFraction, callTimeout)
	defer cancel()
	answered := ""
	err := await(waiting, func(waiting context.Context) error {
		rounds, err := c.Cluster.Published(waiting, TopicRound)
		if err != nil {
			return err
		}
		round, done := strings.CutSuffix(rounds[chosen], roundDone)
		if answered != "" && round == answered && done {
			return nil
		}
		if round != "" && !done && round != answered {
			// An earlier, aborted election may have left this round: so the next
			// is waited for even then.
			if err = c.answerInTime(ctx, round); err == nil {
				answered = round
			}
		}
		return errors.Join(err, errRoundOpen)
	})
	if answered == "" {
		return fmt.Errorf("cannot answer an election of node %s yet: %w", chosen, err)
	}
	return nil
}

// nobodyIsAsked reports whether the promotion that comes follows on a planned demotion.
func (c *Controller) nobodyIsAsked(ctx context.Context) bool {
	if c.handedOver().heldLately() {
		return true
	}
	g, err := c.electionInput(ctx)
	return err == nil && g.HandedOver()
}

var errRoundOpen = errors.New("it has called none")

// answerInTime tries for as long as the chosen node waits, however little is left
// of the time to wait for a call: without this node's answer nobody is promoted,
// and Pacemaker may have suspended the monitor that would answer later.
func (c *Controller) answerInTime(ctx context.Context, round string) error {
	ctx, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	return await(ctx, func(ctx context.Context) error { return c.answer(ctx, round) })
}

func (c *Controller) answer(ctx context.Context, round string) error {
	if err := c.publishPosition(ctx, round); err != nil {
		return err
	}
	return c.answeredRound().write(round)
}

// answerOpenRounds answers the elections that other nodes are holding.
func (c *Controller) answerOpenRounds(ctx context.Context) error {
	rounds, err := c.Cluster.Published(ctx, TopicRound)
	if err != nil {
		return err
	}
	for node, round := range rounds {
		if node == c.Node || strings.HasSuffix(round, roundDone) || round == c.answeredRound().read() {
			continue
		}
		if err := c.answer(ctx, round); err != nil {
			return fmt.Errorf("cannot answer the election that node %s holds: %w", node, err)
		}
	}
	return nil
}

func (c *Controller) publishPosition(ctx context.Context, round string) error {
	positions, err := c.positions(ctx)
	if err != nil {
		return err
	}
	return c.announce(ctx, TopicPosition, round+" "+positions.String())
}

// standAside gives the promotion to the node that should have it, or to none,
// and waits until the scheduler can see it.
func (c *Controller) standAside(ctx context.Context, choice replication.Decision) {
	want := ""
	if choice.Yield == "" {
		c.warn(c.Cluster.ClearScore(ctx), "cannot remove the promotion score")
	} else {
		want = fmt.Sprint(replication.ScoreLagging)
		parallel(
			func() {
				c.warn(c.Cluster.SetScore(ctx, choice.Yield, replication.ScoreElected), "cannot raise the elected node's promotion score")
			},
			func() {
				c.warn(c.Cluster.SetScore(ctx, "", replication.ScoreLagging), "cannot lower the promotion score")
			},
		)
	}
	c.warn(c.awaitScore(ctx, want), "the scheduler may not know yet that another node should lead")
}

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
