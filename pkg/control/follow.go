package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
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
// without a promotion, or may have been, is noted first: it may have taken writes that no position
// accounts for.
func (c *Controller) park(ctx context.Context, u Unit) error { return c.parkUnless(ctx, u, false) }

// parkUnless is park, but leaves a backup as it is if leaveBackup says so.
func (c *Controller) parkUnless(ctx context.Context, u Unit, leaveBackup bool) error {
	return step(ctx, "make the "+u.Name()+" server read-only", u.Server.ControlSocket, func(ctx context.Context) error {
		asking, cancel := withBudget(ctx, answerFraction, answerTimeout)
		defer cancel()
		status, err := u.Server.SyncStatus(asking)
		if (err != nil || status.Role == ovsdbctl.RoleActive) && !c.Promoted() {
			c.warn(c.followed(u).drop(), "a later snapshot may be left out")
		}
		if err == nil && status.Role == ovsdbctl.RoleBackup && leaveBackup {
			return nil
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
	return c.followLocked(ctx, promoted)
}

// TryFollow is Follow for a caller that must not wait: it returns false while another action is
// under way. It does nothing on a node that was promoted since the caller saw another one lead.
func (c *Controller) TryFollow(ctx context.Context, promoted string) (bool, error) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false, err
	}
	defer unlock()
	if c.Promoted() {
		return true, nil
	}
	return true, c.followLocked(ctx, promoted)
}

func (c *Controller) followLocked(ctx context.Context, promoted string) error {
	defer c.poke()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	_, err := c.followPromoted(ctx, promoted)
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
	known, err := record() // a server that goes on with its session is admitted to no later term
	if err == nil {
		c.noteTerm(known)
	}
	return replication.Leader{Node: promoted, Sources: sources}, c.forgetElections()
}

func (c *Controller) followIfRunning(ctx context.Context, u Unit, source string, record recordQuery) error {
	if u.stopped() {
		return nil
	}
	status, err := u.Server.SyncStatus(ctx)
	done := err == nil && status.Follows(source) && status.Link == ovsdbctl.LinkReplicating && c.followed(u).held()
	if done && !c.reinit(u).held() {
		return nil // the supervisor was faster; to follow again would copy all once more
	}
	return c.follow(ctx, u, source, record)
}

// follow points a server at the active server at source, once it is certain
// that this discards nothing. Whatever happens, the server is read-only, and
// no client stays connected to it, before anything else.
func (c *Controller) follow(ctx context.Context, u Unit, source string, record recordQuery) error {
	if source == u.Endpoint.Parking() {
		return c.makeBackup(ctx, u)
	}
	if err := c.retire(ctx, u); err != nil {
		return err
	}
	c.wakeLocalClients(ctx, u)
	failpoint("follow-parked")
	a, err := c.joinSource(ctx, u, source, record)
	if err != nil {
		return err
	}
	failpoint("follow-admitted")
	// While rows come in, it is not known that they are all there.
	if err := c.followed(u).drop(); err != nil {
		return err
	}
	if err := c.point(ctx, u, source); err != nil {
		return err
	}
	c.warn(c.withdraw(ctx, TopicBlessed), "the operator's word for the data that was here stands")
	return errors.Join(c.noteFollowed(u, a), c.reinit(u).drop())
}

// joinSource returns when a server may replicate from a source with the schema that it has: all
// that it alone may hold is in a snapshot then.
func (c *Controller) joinSource(ctx context.Context, u Unit, source string, record recordQuery) (admission, error) {
	a, err := c.admitAndKeep(ctx, u, source, record)
	if err != nil || !a.TakeSchema {
		return a, err
	}
	if err := c.takeSchema(ctx, u, a.schema); err != nil {
		return a, err
	}
	// A server that was writable for it may have taken rows: it is looked at again.
	a, err = c.admitAndKeep(ctx, u, source, record)
	if err == nil && a.TakeSchema {
		err = &RefusedSourceError{Database: u.Name(), Source: source, Reason: "its schema changes", Soon: true}
	}
	return a, err
}

// admitAndKeep is admit; a refusal is an error, and the snapshot that is asked for is taken.
func (c *Controller) admitAndKeep(ctx context.Context, u Unit, source string, record recordQuery) (admission, error) {
	a, err := c.admit(ctx, u, source, record)
	switch {
	case err != nil:
		return a, err
	case a.Refuse != "":
		return a, &RefusedSourceError{Database: u.Name(), Source: source, Reason: a.Refuse, Soon: a.Soon}
	case a.Snapshot != "":
		return a, c.snapshot(ctx, u, a.Admission)
	}
	return a, nil
}

// retire ends the role that a server may still have for others: an active one, or one that
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
	// Soon says that the reason is likely to pass within seconds by itself.
	Soon bool
}

// Error implements error.
func (e *RefusedSourceError) Error() string {
	return fmt.Sprintf("cannot let the %s server replicate from %s: %s", e.Database, e.Source, e.Reason)
}

// refusedForGood reports whether a backup cannot follow its source for a reason that does not pass by
// itself: the source itself, the schema, or the credentials.
func refusedForGood(err error) bool {
	if refused := new(RefusedSourceError); errors.As(err, &refused) {
		return !refused.Soon
	}
	return errors.Is(err, process.ErrConversion) || errors.Is(err, ovsdbctl.ErrTLS)
}

// An admission is how a server may follow a source, and the schema of that.
type admission struct {
	replication.Admission

	schema ovsdbctl.Schema
	joined replication.Joining
}

// admit questions the source and holds its answer against this node's data. Where the source's
// next beat would prove that it has all of that, it is waited for.
func (c *Controller) admit(ctx context.Context, u Unit, source string, record recordQuery) (admission, error) {
	proving, cancel := withBudget(ctx, answerFraction, proveTimeout)
	defer cancel()
	var a admission
	var failure error
	err := await(proving, func(context.Context) error {
		if a, failure = c.admitOnce(ctx, u, source, record); failure == nil && a.Wait {
			return errUnproven
		}
		return nil
	})
	if errors.Is(err, errUnproven) {
		err = nil
	}
	return a, errors.Join(err, failure)
}

// proveTimeout is how long the next beat of a source is waited for: a snapshot costs more.
const proveTimeout = 2500 * time.Millisecond

var errUnproven = errors.New("the source is not proven to have all rows of this node")

func (c *Controller) admitOnce(ctx context.Context, u Unit, source string, record recordQuery) (admission, error) {
	var schema ovsdbctl.Schema
	j := replication.Joining{
		Database: u.Name(), OtherAgent: c.ofOtherAgent(u, source),
	}
	var held fileContent
	var errs [3]error
	parallel.Do(
		func() {
			if errs[0] = c.completeFile(ctx, u); errs[0] != nil {
				return
			}
			if held, errs[0] = c.read(ctx, u); errs[0] == nil {
				held, errs[0] = c.withContent(ctx, u, held)
			}
		},
		func() { j.Record, errs[1] = record() },
		func() {
			errs[2] = step(ctx, "question the "+u.Name()+" server to replicate from", source, func(ctx context.Context) error {
				return c.question(ctx, u, source, &j, &schema)
			})
		},
	)
	if err := errors.Join(errs[:]...); err != nil {
		return admission{}, fmt.Errorf("cannot compare this node with the source %s: %w", source, err)
	}
	c.noteTerm(j.Record)
	j.Own, j.Rows, j.WasWritable = held.position, held.rows, !c.onlyFollowed(u, held.position)
	j.Discard = c.reinitIn(u, j.Record)
	return admission{Admission: replication.Admit(j), schema: schema, joined: j}, nil
}

// questionTimeout is how long the first answer of a source is waited for: long enough for a lost
// packet to be sent again. A backup that cannot reach the promoted node keeps others
// waiting meanwhile: the virtual IP may start only after the notification in which it
// follows. It is tried again soon.
const questionTimeout = 1500 * time.Millisecond

func (c *Controller) question(ctx context.Context, u Unit, source string, j *replication.Joining, schema *ovsdbctl.Schema) error {
	opening, cancel := withBudget(ctx, answerFraction, questionTimeout)
	defer cancel()
	store, err := u.OpenSource(opening, source)
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, cancel = withBudget(ctx, answerFraction, answerTimeout) // it is there, and may be busy
	defer cancel()
	if j.SourceWritable, err = store.Writable(ctx); err != nil {
		return err
	}
	if *schema, err = store.Schema(ctx); err != nil {
		return err
	}
	if err := c.compareSchemas(ctx, u, *schema, j); err != nil {
		return err
	}
	global, err := store.Global(ctx)
	if err == nil {
		j.Source, err = replication.ParseMarker(global)
	}
	if errors.Is(err, ovsdbctl.ErrNoGlobal) || errors.Is(err, replication.ErrMarker) {
		err = nil // it counts as none
	}
	if err == nil && j.OtherAgent && j.Source == nil {
		j.SourceBlank, err = blank(ctx, u, store, *schema)
	}
	return err
}

// snapshot keeps a copy of a unit's file before its rows are discarded.
func (c *Controller) snapshot(ctx context.Context, u Unit, a replication.Admission) error {
	return step(ctx, "keep a snapshot of "+u.Name(), u.Files.Database, func(ctx context.Context) error {
		held, err := c.read(ctx, u)
		if err != nil {
			return err
		}
		directory := c.SnapshotDirectory()
		info, existed, err := directory.Take(ctx, snapshot.Info{
			Database: u.Name(), File: u.Files.Database, Why: a.Why, Reason: a.Snapshot, Position: held.position.Summary(),
		})
		if err != nil {
			return err
		}
		log := c.Log.WithField("snapshot", directory.Path(info.Name))
		if existed {
			log.Info("an earlier snapshot has all that this node alone may hold: " + a.Snapshot)
			return nil
		}
		log.Warn("kept a copy of what this node alone may hold: " + a.Snapshot)
		c.warn(directory.Prune(u.Name(), c.keepSnapshots()), "old snapshots stay")
		return nil
	})
}

func (c *Controller) keepSnapshots() int {
	if c.Snapshots > 0 {
		return c.Snapshots
	}
	return DefaultSnapshots
}
