package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// ErrTermOver is returned when a server that died active may not lead any more.
var ErrTermOver = errors.New("the data on this node does not hold the current term")

// ErrRowsLost is returned when the file of a server that died active holds less than the
// server did: it was cut short, or is another one.
var ErrRowsLost = errors.New("its file has lost rows")

// Revive starts a server that has died, in the role that this node has: a backup
// follows the promoted node, an active one leads on, if its data holds the current
// term, and the beat that was seen last, if any was. Clients reach it no sooner than that is
// certain, and not while mayOpen returns false. It does nothing if the server runs.
func (c *Controller) Revive(ctx context.Context, database string, seen *replication.Marker, mayOpen func() bool) error {
	unlock, err := c.lockTogether(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	u, err := c.unitOf(database)
	if err != nil {
		return fmt.Errorf("cannot restart the server of %s: %w", database, err)
	}
	if !u.stopped() {
		return c.completeRevival(ctx, u, seen, mayOpen)
	}
	c.completeCheckpoint(ctx, u)
	if c.Promoted() {
		return c.reviveActive(ctx, u, seen, mayOpen)
	}
	record := c.askRecord(ctx)
	return c.startUnit(ctx, u, c.startSources(ctx)[u.Name()], record)
}

// completeRevival goes on where an earlier attempt was cut short: its server runs, and
// is no more than read-only.
func (c *Controller) completeRevival(ctx context.Context, u Unit, seen *replication.Marker, mayOpen func() bool) error {
	if !c.Promoted() {
		return nil
	}
	status, err := u.Server.SyncStatus(ctx)
	if err != nil || status.Role == ovsdbctl.RoleActive {
		return err
	}
	return c.reviveActive(ctx, u, seen, mayOpen)
}

// reviveActive starts a server parked, and makes it active if the term of its data is the cluster's. The
// cluster is asked once the server has read its file, which may take long.
func (c *Controller) reviveActive(ctx context.Context, u Unit, seen *replication.Marker, mayOpen func() bool) error {
	if u.stopped() {
		if err := c.launch(ctx, u); err != nil {
			return err
		}
	}
	query := background(func() (record *replication.Record, err error) {
		err = await(ctx, func(ctx context.Context) (err error) {
			record, err = c.Record(ctx)
			return err
		})
		return record, err
	})
	marker, err := c.markerOfStarted(ctx, u)
	if err != nil {
		return fmt.Errorf("cannot read the term of %s: %w", u.Name(), err)
	}
	record, err := query()
	if err != nil {
		return fmt.Errorf("cannot make the %s server active again: %w", u.Name(), err)
	}
	if err := c.mayLeadOn(u, record, marker, seen); err != nil {
		return fmt.Errorf("cannot make the %s server active again: %w", u.Name(), err)
	}
	if err := u.makeActive(ctx); err != nil {
		return err
	}
	return c.openWhile(ctx, u, mayOpen)
}

// openWhile opens the listeners of a server while mayOpen returns true, and closes them again if it does not any
// more: who closes them for doubt says so before.
func (c *Controller) openWhile(ctx context.Context, u Unit, mayOpen func() bool) error {
	if !mayOpen() {
		return nil
	}
	if err := u.openListeners(ctx); err != nil || mayOpen() {
		return err
	}
	return c.closeListeners(ctx, u)
}

// markerOfStarted reads the marker of a server that has just started: as it turns read-only, it ends the
// sessions of its first moments.
func (c *Controller) markerOfStarted(ctx context.Context, u Unit) (marker *replication.Marker, err error) {
	err = await(ctx, func(ctx context.Context) (err error) {
		marker, err = c.liveMarker(ctx, u)
		if err != nil && (!errors.Is(err, ovsdbctl.ErrNoAnswer) || u.stopped()) {
			return backoff.Permanent(err)
		}
		return err
	})
	return marker, err
}

// mayLeadOn returns an error unless a server that died active may lead on: this node's term is the
// cluster's, and the data holds all that was seen in it last.
func (c *Controller) mayLeadOn(u Unit, record *replication.Record, marker, seen *replication.Marker) error {
	own, err := c.OwnTerm()
	if err != nil {
		return err
	}
	state := own.Judge(record)
	switch {
	case state != replication.TermHeld && state != replication.TermRecordLost:
		return fmt.Errorf("%w (this node's term is %s, the cluster is in %s)", ErrTermOver, state, record.Describe())
	case marker == nil || marker.TermID != own.Record.TermID:
		return fmt.Errorf("%w: %s is of %s, and this node leads %s", ErrRowsLost, u.Name(), marker.Describe(), own.Record.Describe())
	case seen != nil && seen.TermID == marker.TermID && seen.Beat > marker.Beat:
		return fmt.Errorf("%w: it ends at beat %d, and was at beat %d", ErrRowsLost, marker.Beat, seen.Beat)
	default:
		return nil
	}
}

// launch starts a server parked, and notes how long it took. The position read from its file is
// forgotten, unless that is as it was: it may have been replaced or damaged meanwhile.
func (c *Controller) launch(ctx context.Context, u Unit) error {
	known := c.dropOutdatedCheckpoint(u)
	read := func() (fileContent, error) { return c.read(ctx, u) }
	if !known {
		read = background(read) // the server writes nothing meanwhile
	}
	if err := c.lastSeen(u).drop(); err != nil { // the file of a server that runs is not final
		return err
	}
	size, sizeErr := fileSize(u)
	began := time.Now()
	daemon := process.OVSDBServer(process.ServerOptions{
		Files: u.Files, DatabaseName: u.Name(), SyncFrom: u.Endpoint.Parking(), Owner: c.Owner,
		Keys: u.Endpoint.Keys, Ciphersuites: c.takesCiphersuites(ctx, u),
	})
	if err := step(ctx, "start the "+u.Name()+" server", u.Files.Database, daemon.Start); err != nil {
		return err
	}
	took := time.Since(began)
	c.warn(errors.Join(sizeErr, c.readTime(u).save(size, took)), "the time of the next restart is predicted from an earlier one")
	if size >= minMeasuredSize {
		c.Log.WithField("db", u.Name()).WithField("bytes", size).WithField("elapsed", took.Round(time.Millisecond)).Info("the server has read its file")
	}
	if known && c.proveCheckpoint(ctx, u) {
		return nil
	}
	found, err := read()
	c.warn(err, "it is not known whether the file of "+u.Name()+" is damaged")
	if err := c.keepDamaged(ctx, u, found.torn); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
		defer cancel()
		return errors.Join(err, c.stopUnit(stopping, u)) // one that runs would be taken for restarted by the next attempt
	}
	return nil
}

// RetryListeners makes the active servers try at once to listen where they could not: on a
// virtual address that has come, for instance. Any question wakes them up.
func (c *Controller) RetryListeners(ctx context.Context) error {
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		if u.stopped() {
			return nil
		}
		_, err := u.Server.Remotes(ctx)
		return err
	})
}

// CloseListeners closes the listeners of the active servers of this node at once, without waiting
// for another action to end.
func (c *Controller) CloseListeners(ctx context.Context) error {
	return c.forEachUnit(ctx, c.closeListenersIfRunning)
}

func (c *Controller) closeListenersIfRunning(ctx context.Context, u Unit) error {
	if u.stopped() {
		return nil
	}
	return c.closeListeners(ctx, u)
}

// OpenListeners opens the listeners of a node that leads the term own, as a promotion does, and reports
// whether it has. It opens none while an action is under way, which may be the demotion that closes them, nor
// while mayOpen returns false.
func (c *Controller) OpenListeners(ctx context.Context, own replication.OwnTerm, mayOpen func() bool) (opened bool, err error) {
	unlock, ok, err := c.tryLockInTerm(own)
	if err != nil || !ok {
		return false, err
	}
	defer unlock()
	err = c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.openWhile(ctx, u, mayOpen) })
	return err == nil && mayOpen(), err
}

// Escalate tells the cluster that the instance on this node has failed, so that it
// recovers it or promotes another node.
func (c *Controller) Escalate(ctx context.Context) error {
	return c.Cluster.Fail(ctx, c.Node)
}
