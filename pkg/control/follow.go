package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

// point makes a server a backup of source, whatever it was before, and checks it.
func (c *Controller) point(ctx context.Context, u Unit, source string) error {
	return step(ctx, "make the "+u.Name()+" server a backup of "+source, u.Server.ControlSocket,
		func(ctx context.Context) error {
			return u.Server.Follow(ctx, source, c.Listening.ReplicationProbe)
		})
}

// park makes a server read-only. Its sessions live on. That it was active
// without a promotion is noted first: it may have taken writes that no position
// accounts for.
func (c *Controller) park(ctx context.Context, u Unit) error {
	return step(ctx, "make the "+u.Name()+" server read-only", u.Server.ControlSocket, func(ctx context.Context) error {
		asking, cancel := withBudget(ctx, answerFraction, answerTimeout)
		defer cancel()
		status, err := u.Server.SyncStatus(asking)
		if err == nil && status.Role == ovsdbctl.RoleActive && !c.promotion().held() {
			c.warn(c.writable(u).take(), "a later snapshot may be left out")
		}
		return u.Server.Follow(ctx, u.Endpoint.Parking(), c.Listening.ReplicationProbe)
	})
}

// makeBackup makes a server read-only first and then ends all sessions, so that
// no client stays on a server that refuses its writes.
func (c *Controller) makeBackup(ctx context.Context, u Unit) error {
	if err := c.park(ctx, u); err != nil {
		return err
	}
	return c.closeListeners(ctx, u)
}

func (c *Controller) closeListeners(ctx context.Context, u Unit) error {
	return step(ctx, "close the listeners of the "+u.Name()+" server", u.Server.ControlSocket, u.Server.CloseConnections)
}

// Follow points this node's servers at the promoted node, which is expected to
// have published its address, or to do so within the time given.
func (c *Controller) Follow(ctx context.Context, promoted string) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	defer c.poke()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	_, err = c.followPromoted(ctx, promoted)
	return err
}

func (c *Controller) followPromoted(ctx context.Context, promoted string) (replication.Leader, error) {
	record := c.askRecord(ctx)
	sources, err := c.sourcesOf(ctx, promoted)
	if err != nil {
		return replication.Leader{}, err
	}
	if err := c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		return c.followIfRunning(ctx, u, sources[u.Name()], record)
	}); err != nil {
		return replication.Leader{}, err
	}
	c.warn(c.withdraw(ctx, TopicFinal), "cannot withdraw where this node's data ended")
	return replication.Leader{Node: promoted, Sources: sources}, errors.Join(c.handedOver().drop(), c.promotion().drop())
}

func (c *Controller) followIfRunning(ctx context.Context, u Unit, source string, record recordQuery) error {
	if u.stopped() {
		return nil
	}
	status, err := u.Server.SyncStatus(ctx)
	if err == nil && status.Follows(source) && status.Link == ovsdbctl.LinkReplicating && !c.writable(u).held() {
		return nil // the supervisor was faster; to follow anew would copy all once more
	}
	return c.follow(ctx, u, source, record)
}

// follow points a server at the active server at source, once it is certain
// that this discards nothing. Whatever happens, the server is read-only, and
// nobody stays connected to it, before anything else.
func (c *Controller) follow(ctx context.Context, u Unit, source string, record recordQuery) error {
	if source == u.Endpoint.Parking() {
		return c.makeBackup(ctx, u)
	}
	if err := c.retire(ctx, u); err != nil {
		return err
	}
	failpoint("follow-parked")
	admission, err := c.admit(ctx, u, source, record)
	if err != nil {
		return err
	}
	if admission.Refuse != "" {
		return &RefusedSourceError{Database: u.Name(), Source: source, Reason: admission.Refuse}
	}
	if admission.Snapshot != "" {
		if err := c.snapshot(ctx, u, admission); err != nil {
			return err
		}
	}
	failpoint("follow-admitted")
	if err := c.point(ctx, u, source); err != nil {
		return err
	}
	c.warn(c.withdraw(ctx, TopicBlessed), "the operator's word for the data that was here stands")
	c.warn(c.announceArrival(ctx, u, source), "the freshness of "+u.Name()+" here is underrated until the next beat")
	return c.writable(u).drop()
}

// arrivalTimeout is how long the copying of a database is waited for. A large one
// may take longer; the active's own next beat then serves as well.
const arrivalTimeout = 3 * time.Second

// announceArrival counts up the beat of the active once this server has copied
// its data: of the changes since the last beat a copy cannot tell how many there
// were.
func (c *Controller) announceArrival(ctx context.Context, u Unit, source string) error {
	if u.Endpoint.Protocol != "tcp" || c.Supervision.wanted() {
		return nil // where there is a supervisor, the next beat is near
	}
	ctx, cancel := withBudget(ctx, answerFraction, arrivalTimeout)
	defer cancel()
	err := await(ctx, func(ctx context.Context) error {
		status, err := u.Server.SyncStatus(ctx)
		if err == nil && status.Link != ovsdbctl.LinkReplicating {
			err = fmt.Errorf("the server is %s to %s", status.Link, status.Source)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.beatAt(ctx, source, u.Server.Database)
}

// retire ends what a server may still be to others: an active one, or one that
// was demoted and whose backups were to receive the last transaction.
func (c *Controller) retire(ctx context.Context, u Unit) error {
	status, err := u.Server.SyncStatus(ctx)
	if err != nil {
		return err
	}
	if status.Role == ovsdbctl.RoleActive {
		return c.makeBackup(ctx, u)
	}
	return c.closeListeners(ctx, u)
}

// RefusedSourceError is returned when a backup must not replicate from a
// source.
type RefusedSourceError struct {
	Database, Source, Reason string
}

// Error implements error.
func (e *RefusedSourceError) Error() string {
	return fmt.Sprintf("cannot let the %s server replicate from %s: %s", e.Database, e.Source, e.Reason)
}

// admit questions the source and holds its answer against this node's data.
func (c *Controller) admit(ctx context.Context, u Unit, source string, record recordQuery) (replication.Admission, error) {
	if u.Endpoint.Protocol != "tcp" {
		c.Log.WithField("source", source).Warn("following a source that was not questioned, as its protocol is not tcp")
		return replication.Admission{Snapshot: "a source that could not be questioned", Why: "unquestioned"}, nil
	}
	j := replication.Joining{WasActive: c.writable(u).held()}
	var held fileContent
	var errs [3]error
	parallel(
		func() { held, errs[0] = c.read(ctx, u) },
		func() { j.Record, errs[1] = record() },
		func() {
			errs[2] = step(ctx, "question the "+u.Name()+" server to replicate from", source, func(ctx context.Context) error {
				return c.question(ctx, u, source, &j)
			})
		},
	)
	if err := errors.Join(errs[:]...); err != nil {
		return replication.Admission{}, fmt.Errorf("cannot compare this node with the source %s: %w", source, err)
	}
	j.Own, j.Rows = held.position, held.rows
	return replication.Admit(j), nil
}

// questionTimeout is how long the answer of a source is waited for: long enough for a lost
// packet to be sent again. A backup that cannot reach the promoted node keeps others
// waiting meanwhile: the virtual IP may start only after the notification in which it
// follows. It is tried again soon.
const questionTimeout = 1500 * time.Millisecond

func (c *Controller) question(ctx context.Context, u Unit, source string, j *replication.Joining) error {
	ctx, cancel := withBudget(ctx, answerFraction, questionTimeout)
	defer cancel()
	store, err := ovsdbctl.Open(ctx, source, u.Server.Database)
	if err != nil {
		return err
	}
	defer store.Close()
	if j.SourceWritable, err = store.Writable(ctx); err != nil {
		return err
	}
	global, err := store.Global(ctx)
	if errors.Is(err, ovsdbctl.ErrNoGlobal) {
		return nil
	}
	if err != nil {
		return err
	}
	j.Source, err = replication.ParseMarker(global)
	return err
}

// snapshot keeps a copy of a unit's file before its rows are discarded.
func (c *Controller) snapshot(ctx context.Context, u Unit, a replication.Admission) error {
	return step(ctx, "keep a snapshot of "+u.Name(), u.Files.Database, func(ctx context.Context) error {
		held, err := c.read(ctx, u)
		if err != nil {
			return err
		}
		directory := snapshot.In(c.Layout.DatabaseDir)
		info, err := directory.Take(ctx, snapshot.Info{
			Database: u.Name(), File: u.Files.Database, Why: a.Why, Reason: a.Snapshot, Position: held.position.Summary(),
		})
		if err != nil {
			return err
		}
		c.Log.WithField("snapshot", directory.Path(info.Name)).Warn("kept a copy of what this node alone may hold: " + a.Snapshot)
		c.warn(directory.Prune(u.Name(), c.keepSnapshots()), "old snapshots stay")
		return nil
	})
}

// defaultSnapshots is how many snapshots of each database are kept if the
// configuration does not say.
const defaultSnapshots = 10

func (c *Controller) keepSnapshots() int {
	if c.Snapshots > 0 {
		return c.Snapshots
	}
	return defaultSnapshots
}
