package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// successorTimeout bounds the questions to the cluster before a failover is chosen: the time is
// lost if the server is restarted in place after all.
const successorTimeout = time.Second

var (
	// ErrNoSuccessor is returned where no other node can take the role at once.
	ErrNoSuccessor = errors.New("no other node is up to date and can take the role")
	// errNotLeft is returned where the role is not left to another node.
	errNotLeft = errors.New("the role stays")
)

// Successor returns a node that can take the role from this one at once: a member of its term that
// says it is fresh, and that the cluster can promote.
func (c *Controller) Successor(ctx context.Context) (string, error) {
	ctx, cancel := withBudget(ctx, 1, successorTimeout)
	defer cancel()
	own, err := c.OwnTerm()
	if err != nil || own == nil || !own.Recorded {
		return "", errors.Join(ErrNoSuccessor, err)
	}
	var known map[string]replication.Freshness
	var unable map[string]string
	var managed, quorate bool
	var errs [4]error
	parallel.Do(
		func() { known, errs[0] = c.Freshness(ctx, own.Record.TermID) },
		func() { unable, errs[1] = c.Cluster.Unable(ctx) },
		func() { managed, errs[2] = c.Cluster.Managed(ctx, c.Node) },
		func() { quorate, errs[3] = c.Cluster.Quorate(ctx) },
	)
	if err := errors.Join(errs[:]...); err != nil || !managed || !quorate {
		return "", errors.Join(ErrNoSuccessor, err)
	}
	if node := (replication.Successors{Record: own.Record, Freshness: known, Unable: unable}).Best(); node != "" {
		return node, nil
	}
	return "", ErrNoSuccessor
}

// LeaveRole asks the cluster to move the role to another node, as the server of a database has died:
// by a promotion score that outweighs every preference for this node. The demotion that follows takes
// the file of the dead server for final, if that holds seen, the marker last seen there.
//
// A failure that is reported instead (asyncmon) would move the role only after this node's servers
// were stopped and started, and had read their files.
func (c *Controller) LeaveRole(ctx context.Context, database string, seen *replication.Marker) error {
	u, own, unlock, err := c.lockRole(ctx, database)
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case own == nil || !own.Recorded:
		return fmt.Errorf("%w: this node leads no recorded term", errNotLeft)
	case seen == nil || seen.TermID != own.Record.TermID:
		return fmt.Errorf("%w: no beat of its term was seen in %s", errNotLeft, database)
	case !u.stopped():
		return fmt.Errorf("%w: the %s server runs", errNotLeft, database)
	}
	if err := c.lastSeen(u).write(fmt.Sprintf("%s %d", seen.TermID, seen.Beat)); err != nil {
		return err
	}
	if err := c.Cluster.SetScore(ctx, "", replication.ScoreNever); err != nil {
		return errors.Join(fmt.Errorf("cannot lower the promotion score: %w", err), c.lastSeen(u).drop())
	}
	return nil
}

// KeepRole takes LeaveRole back, unless this node was demoted.
func (c *Controller) KeepRole(ctx context.Context, database string) error {
	u, own, unlock, err := c.lockRole(ctx, database)
	if err != nil {
		return err
	}
	defer unlock()
	if own == nil || !own.Recorded {
		return nil
	}
	return errors.Join(c.lastSeen(u).drop(), c.Cluster.SetScore(ctx, "", replication.ActiveScore(own.Record.Term)))
}

// lockRole returns the unit of a database and the term that this node leads, nil for none. Until
// unlock is called no action changes the term or the promotion score.
func (c *Controller) lockRole(ctx context.Context, database string) (u Unit, own *replication.OwnTerm, unlock func(), err error) {
	if u, err = c.unitOf(database); err != nil {
		return Unit{}, nil, nil, err
	}
	if unlock, err = c.lockTogether(ctx); err != nil {
		return Unit{}, nil, nil, err
	}
	if own, err = c.OwnTerm(); err != nil {
		unlock()
		return Unit{}, nil, nil, err
	}
	return u, own, unlock, nil
}

// lastBeatSeen returns the last beat that was seen in a database before its server died and the role
// was left to another node; false if the role was not left in that term.
func (c *Controller) lastBeatSeen(u Unit, own replication.OwnTerm) (beat uint64, left bool) {
	var term string
	_, err := fmt.Sscan(c.lastSeen(u).read(), &term, &beat)
	return beat, err == nil && term == own.Record.TermID
}

// leavesRole reports whether this node has left its role to another one, which has not taken it yet.
func (c *Controller) leavesRole() bool {
	own, err := c.OwnTerm()
	if err != nil || own == nil {
		return false
	}
	return slices.ContainsFunc(c.Units, func(u Unit) bool {
		_, left := c.lastBeatSeen(u, *own)
		return left
	})
}

// activeToTheLast reports whether the files of this node hold all that its servers acknowledged in the
// term: each server is active, or was when it died and has not been started since.
func (c *Controller) activeToTheLast(ctx context.Context, own replication.OwnTerm) bool {
	for i, s := range c.observeServers(ctx) {
		_, left := c.lastBeatSeen(c.Units[i], own)
		if s.Condition != replication.ConditionActive && (s.Condition != replication.ConditionAbsent || !left) {
			return false
		}
	}
	return true
}

// finalPositions returns where this node's data ends. The file of a server that has died is put on
// disk first, as the record of the end is; and all changes count that it may hold, since no last beat
// says which of them came before.
func (c *Controller) finalPositions(ctx context.Context, own replication.OwnTerm) (replication.Positions, error) {
	dead := slices.DeleteFunc(slices.Clone(c.Units), func(u Unit) bool { return !u.stopped() })
	for _, u := range dead {
		if err := syncDatabase(ctx, u); err != nil {
			return nil, err
		}
	}
	end, err := c.heldPositions(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range dead {
		position := end[u.Name()]
		if position.TermID != own.Record.TermID {
			return nil, fmt.Errorf("%w: the file of %s is of %s, and this node led %s",
				ErrRowsLost, u.Name(), position.Summary(), own.Record.Describe())
		}
		end[u.Name()] = position.UpperBound()
	}
	return end, nil
}

// syncDatabase returns when a unit's database file is on disk.
func syncDatabase(ctx context.Context, u Unit) error {
	return step(ctx, "put the "+u.Name()+" database on disk", u.Files.Database, func(ctx context.Context) error {
		returned, err := parallel.Until(ctx, func() error { return syncFile(u.Files.Database) })
		if !returned {
			return context.Cause(ctx)
		}
		return err
	})
}

func syncFile(path string) error {
	file, err := ovsdbfile.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
