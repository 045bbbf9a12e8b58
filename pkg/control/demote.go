package control

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// Demote makes every server that runs a backup of the parking address and swaps into the
// cluster record where its data ended. The clients' sessions end first; those of the
// backups live on, until the node follows or stops, so that they receive the
// last transaction. A server that does not run has nothing to demote, and its file is final; one that
// does not answer is an error, after which Pacemaker stops it.
func (c *Controller) Demote(ctx context.Context) error {
	if err := c.prepareState(); err != nil {
		return err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	failpoint("demote-locked")
	defer c.endNorthd(ctx)() // it must not write into a server that is read-only
	own, err := c.OwnTerm()
	steppedDown := err == nil && own == nil
	c.warn(err, "it is not recorded where this node's data ended")
	questions := c.askForEnd(ctx, own)
	whole := own != nil && c.activeToTheLast(ctx, *own)
	if own != nil {
		recorded := own.Recorded || questions.hold(own)
		err := c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.dismissClients(ctx, u, *own, recorded) })
		c.warn(err, "clients keep their sessions until the servers are read-only")
		whole = whole && err == nil
		failpoint("demote-dismissed")
	}
	err = c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.demoteUnit(ctx, u, steppedDown) })
	if err != nil {
		return err
	}
	failpoint("demote-read-only")
	defer c.poke()
	// Before the end is recorded: a server that dies from now on is restarted as a backup, and
	// nothing comes after that end.
	if err := c.dropOwnTerm(); err != nil {
		return err
	}
	parallel.Do(
		func() { c.warn(c.withdrawAtLast(ctx, TopicActive), "cannot withdraw the published address") },
		func() { c.concludeTerm(ctx, own, questions, whole) },
	)
	failpoint("demote-published")
	return nil
}

// termQuestions are the questions to the cluster that come before the end of a term is recorded, and are
// asked while the servers are demoted.
type termQuestions struct {
	record  func() (readRecord, error)
	quorate func() (bool, error)
}

// readRecord is the cluster record as it was read, with its text, which a swap starts from.
type readRecord struct {
	record *replication.Record
	text   string
}

func (c *Controller) askForEnd(ctx context.Context, own *replication.OwnTerm) termQuestions {
	if own == nil {
		return termQuestions{}
	}
	return termQuestions{
		record: background(func() (readRecord, error) {
			record, text, err := c.readRecord(ctx)
			return readRecord{record, text}, err
		}),
		quorate: background(func() (bool, error) { return c.Cluster.Quorate(ctx) }),
	}
}

// hold reports whether the cluster record is certain to name the node's own term.
func (q termQuestions) hold(own *replication.OwnTerm) bool {
	read, err := q.record()
	return err == nil && own.Judge(read.record) == replication.TermHeld
}

// concludeTerm records where the data of the node's term ended, and sets the score that goes
// with it. Whole says that all servers were active to the last.
func (c *Controller) concludeTerm(ctx context.Context, own *replication.OwnTerm, questions termQuestions, whole bool) {
	if own == nil {
		return
	}
	parallel.Do(
		func() {
			if whole {
				c.warn(c.recordEnd(ctx, *own, questions), "the next promotion has to ask all nodes")
			}
		},
		func() {
			if !c.Leaving {
				c.warn(c.Cluster.SetScore(ctx, "", replication.ScoreUnproven), "cannot lower the promotion score")
			}
		},
	)
}

// recordEnd swaps the end of the data into the record, if the files hold all that the servers
// held. Else an election asks all nodes.
func (c *Controller) recordEnd(ctx context.Context, own replication.OwnTerm, questions termQuestions) error {
	var end replication.Positions
	var endErr, beatErr error
	var beats map[string]uint64
	parallel.Do(
		func() { end, endErr = c.finalPositions(ctx, own) },
		func() { beats, beatErr = c.lastBeats(ctx, own) },
	)
	read, recordErr := questions.record()
	if err := errors.Join(endErr, beatErr, recordErr); err != nil {
		return fmt.Errorf("cannot record where this node's data ended: %w", err)
	}
	for database, beat := range beats {
		if ended := end[database].Progress.Beat; ended < beat {
			return fmt.Errorf("cannot record where %s ended: %w: its file ends at beat %d, and its server was at beat %d",
				database, ErrRowsLost, ended, beat)
		}
	}
	if state := own.Judge(read.record); state != replication.TermHeld {
		return fmt.Errorf("cannot record where this node's data ended: its term is %s (the cluster is in %s)", state, read.record.Describe())
	}
	// The CIB of a partition without quorum must not outrun that of the others.
	if quorate, err := questions.quorate(); err != nil || !quorate {
		return errors.Join(err, errors.New("this node's partition has no quorum"))
	}
	return c.swapRecord(ctx, read.text, read.record.Demoted(end).String())
}

// lastBeats asks the servers for the last beat of their data; of one that has died, it is the last
// that was seen.
func (c *Controller) lastBeats(ctx context.Context, own replication.OwnTerm) (map[string]uint64, error) {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	beats := map[string]uint64{}
	for _, u := range c.Units {
		if beat, left := c.lastBeatSeen(u, own); left && u.stopped() {
			beats[u.Name()] = beat
			continue
		}
		m, err := c.liveMarker(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("cannot read the last beat of %s: %w", u.Name(), err)
		}
		if m != nil {
			beats[u.Name()] = m.Beat
		}
	}
	return beats, nil
}

// dismissClients ends the clients' sessions of an active server by removing
// their listener, and writes a last beat once they are gone. Those that came in
// by an operator's row, or by the one row for all, stay until this node follows. A term that was never
// recorded gets no beat: its data would say that it was.
func (c *Controller) dismissClients(ctx context.Context, u Unit, own replication.OwnTerm, recorded bool) error {
	if u.stopped() {
		return nil
	}
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	keep := c.Listening.Connections(u.Endpoint)
	if len(keep) > 1 {
		err := c.write(ctx, u, "end the clients' sessions of "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
			_, err := s.EnsureConnections(ctx, keep[1:])
			return err
		})
		if err != nil {
			return err
		}
		// The listener is closed by the end of the turn of the server's main loop
		// that made the change, and this question is answered in a later one.
		if _, err := u.Server.Remotes(ctx); err != nil {
			return err
		}
	}
	if !recorded {
		return nil
	}
	return c.beatUnit(ctx, u, own, true)
}

// demoteUnit makes a server a backup. If this node has stepped down by itself before the cluster
// knew, a server that is a backup may follow the next active already, and is left as it is.
func (c *Controller) demoteUnit(ctx context.Context, u Unit, steppedDown bool) error {
	pid, err := u.Running()
	if err != nil {
		return err
	}
	if pid == 0 {
		c.Log.WithField("db", u.Name()).Warn("the server to demote does not run")
		return nil
	}
	if a, err := process.Inspect(pid); err == nil && a.Stopped {
		return fmt.Errorf("cannot demote the %s server (pid %d): %w: %s", u.Name(), pid, ErrServerDown, replication.StoppedReason)
	}
	return c.parkUnless(ctx, u, steppedDown)
}
