package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// callTimeout is how long a notification waits for the chosen node to call its election.
const callTimeout = 1500 * time.Millisecond

// AnswerElection is the part of every other node before a promotion: it publishes the position of
// its data, in answer to the round that the chosen node calls. Under load Pacemaker notifies one
// node after another, so that the call may have come already or come later: then the supervisor,
// or the next monitor, answers it. After a planned demotion none is called, as a rule, and the
// notification, which the promotion waits for, leaves it to them as well.
func (c *Controller) AnswerElection(ctx context.Context, chosen string) error {
	if record, err := c.Record(ctx); err == nil && record != nil && len(record.End) > 0 {
		return nil
	}
	waiting, cancel := withBudget(ctx, answerFraction, callTimeout)
	defer cancel()
	answered := ""
	err := await(waiting, func(waiting context.Context) (err error) {
		answered, err = c.answerCall(ctx, waiting, chosen, answered)
		return err
	})
	if answered == "" {
		return errors.Join(
			fmt.Errorf("cannot answer an election of node %s yet: %w", chosen, err),
			c.keepBeforeOtherAgent(ctx),
		)
	}
	return nil
}

// answerCall answers the round that the chosen node has open, unless it has been answered, and
// returns the round that was answered last. It returns errRoundOpen until that is closed: an
// earlier, aborted election may have left a round, so that the next one is waited for.
func (c *Controller) answerCall(ctx, waiting context.Context, chosen, answered string) (string, error) {
	rounds, err := c.Cluster.Published(waiting, TopicRound)
	if err != nil {
		return answered, err
	}
	round, done := strings.CutSuffix(rounds[chosen], roundDone)
	switch {
	case answered != "" && round == answered && done:
		return answered, nil
	case round == "" || done || round == answered:
		return answered, errRoundOpen
	}
	if err := c.answerInTime(ctx, round); err != nil {
		return answered, errors.Join(err, errRoundOpen)
	}
	return round, errRoundOpen
}

var errRoundOpen = errors.New("it has called none")

// answerInTime tries for as long as the chosen node waits, however little is left
// of the time to wait for a call: without this node's answer no node is promoted,
// and Pacemaker may have suspended the monitor that would answer later.
func (c *Controller) answerInTime(ctx context.Context, round string) error {
	ctx, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	return await(ctx, func(ctx context.Context) error { return c.answer(ctx, round) })
}

// answer parks the servers and publishes the position of their data: the data whose position this
// node has published must not be changed by a source that comes back by itself.
func (c *Controller) answer(ctx context.Context, round string) error {
	if err := c.parkLeaderless(ctx); err != nil {
		return err
	}
	positions, err := c.heldPositions(ctx)
	if err != nil {
		return err
	}
	return c.announce(ctx, TopicPosition, round+" "+positions.String())
}

// heldPositions returns the position of every unit, as the servers that run hold it.
func (c *Controller) heldPositions(ctx context.Context) (replication.Positions, error) {
	if err := c.forEachUnit(ctx, c.completeFile); err != nil {
		return nil, err
	}
	return c.positions(ctx)
}

// AnswerOpenRounds answers the elections that other nodes are holding, unless it has.
func (c *Controller) AnswerOpenRounds(ctx context.Context) error {
	rounds, err := c.Cluster.Published(ctx, TopicRound)
	if err != nil {
		return err
	}
	answered, _, _ := strings.Cut(c.announced(TopicPosition).read(), " ")
	for node, round := range rounds {
		if node == c.Node || strings.HasSuffix(round, roundDone) || round == answered {
			continue
		}
		if err := c.answer(ctx, round); err != nil {
			return fmt.Errorf("cannot answer the election that node %s holds: %w", node, err)
		}
	}
	return nil
}

// errPromoting is returned where this node is being promoted itself.
var errPromoting = errors.New("a promotion of this node is under way")

// parkLeaderless parks the backups of this node, unless it leads a term. The supervisor does so beside actions.
func (c *Controller) parkLeaderless(ctx context.Context) error {
	if c.Promoted() {
		return nil
	}
	release, ok := c.holdTerm(ctx, "")
	if !ok {
		return errPromoting
	}
	defer release()
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		if u.stopped() {
			return nil
		}
		status, err := u.Server.SyncStatus(ctx)
		if err != nil || status.Follows(u.Endpoint.Parking()) {
			return err
		}
		return c.park(ctx, u)
	})
}

// ErrNotFollowing is returned when this node waits for no rows of another one, as
// its servers follow no source.
var ErrNotFollowing = errors.New("this node follows no source")

const (
	// sessionTimeout is how long a session to another node's server may take to come back.
	sessionTimeout = 2 * time.Second
	// refusedTimeout is how long a server is given to take what it has received from one that is no longer
	// there: its node refuses connections.
	refusedTimeout = 300 * time.Millisecond
)

// ReceiveLast waits, on a backup, until its data has reached the end of that of the node that
// was demoted, so that the node is not stopped before.
func (c *Controller) ReceiveLast(ctx context.Context, demoted []string) error {
	record, err := c.Record(ctx)
	if err != nil {
		return err
	}
	for _, node := range demoted {
		if record != nil && record.Node == node {
			return c.awaitEnd(ctx, record)
		}
	}
	return nil
}

// awaitEnd waits until this node's data holds all that was written before a planned demotion,
// while there is a chance of it: a server that has died sends nothing more.
func (c *Controller) awaitEnd(ctx context.Context, record *replication.Record) error {
	if record == nil || len(record.End) == 0 {
		return nil
	}
	ctx, cancel := withBudget(ctx, answerFraction, answersTimeout)
	defer cancel()
	following, connected := c.follows(ctx), time.Now()
	var behind error
	files := c.FileReaders()
	err := await(ctx, func(ctx context.Context) error {
		own, err := files.positions(ctx)
		if err == nil {
			if bar := record.Bars(c.Node, own); bar != "" {
				err = errors.New(bar)
			}
		}
		if err == nil {
			return nil
		}
		if !following {
			behind = err
			return nil
		}
		lacking := func(u Unit) bool { return record.Lacks(c.Node, own, u.Name()) }
		patience, replicating := sessionTimeout, c.replicates(ctx, lacking)
		switch {
		case replicating == nil:
			connected = time.Now()
		case errors.Is(replicating, syscall.ECONNREFUSED):
			patience = refusedTimeout
		}
		if time.Since(connected) > patience {
			behind, err = err, nil
		}
		return err
	})
	if behind != nil {
		return fmt.Errorf("%w: %w", ErrNotFollowing, behind)
	}
	return err
}

// replicates returns nil if the servers of those units have sessions with the ones that they follow. A server
// says that of one that has died long ago, which is asked itself for that reason.
func (c *Controller) replicates(ctx context.Context, of func(Unit) bool) error {
	states := c.observeServers(ctx)
	errs := make([]error, len(c.Units))
	var questions []func()
	for i, u := range c.Units {
		if of(u) {
			questions = append(questions, func() { errs[i] = c.askSource(ctx, u, states[i]) })
		}
	}
	parallel.Do(questions...)
	return errors.Join(errs...)
}

// askSource returns an error unless a server has a session with the one that it follows, and that answers.
func (c *Controller) askSource(ctx context.Context, u Unit, s replication.ServerState) error {
	if s.Condition != replication.ConditionBackup {
		return fmt.Errorf("%s follows no source", u.Name())
	}
	ctx, cancel := withBudget(ctx, answerFraction, sessionTimeout)
	defer cancel()
	store, err := u.OpenSource(ctx, s.Source)
	if err != nil {
		return err
	}
	store.Close()
	if s.Link != replication.LinkReplicating {
		return fmt.Errorf("%s is %s", u.Name(), s.Link)
	}
	return nil
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
