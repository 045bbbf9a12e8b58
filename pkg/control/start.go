package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// Start brings every server of the resource up as a backup: of the promoted
// node if there is one, of the parking address if there is none. A server that
// already runs is made a backup where it is none.
func (c *Controller) Start(ctx context.Context) error {
	if err := c.Layout.Prepare(c.Owner); err != nil {
		return fmt.Errorf("cannot prepare the directories of the servers: %w", err)
	}
	if err := CheckKeys(ctx, c.Units, c.Owner); err != nil {
		return err
	}
	if err := c.prepareState(); err != nil {
		return fmt.Errorf("cannot prepare the directories of this node's state: %w", err)
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c.warn(c.forgetEarlierBoot(), "notes of an earlier boot count")
	c.keepParameters()
	if err := c.pendingFollow().drop(); err != nil {
		return err
	}
	c.warn(c.StopNorthd(ctx), "a left-over ovn-northd may still be there")
	record := c.askRecord(ctx)
	sources := c.startSources(ctx)
	err = c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.startUnit(ctx, u, sources[u.Name()], record) })
	if err != nil {
		return err
	}
	if err := c.dropOwnTerm(); err != nil {
		return err
	}
	parallel.Do(
		func() { c.warn(c.presentData(ctx, record), "this node does not stand for promotion yet") },
		func() { c.superviseFromNow(ctx) },
	)
	return nil
}

// presentData publishes the position of this node and the promotion score that goes
// with it.
func (c *Controller) presentData(ctx context.Context, query recordQuery) error {
	held, err := c.positions(ctx)
	if err != nil {
		return err
	}
	parallel.Do(
		func() {
			c.warn(c.announce(ctx, TopicPosition, replication.Unsolicited+" "+held.String()), "cannot publish what this node holds")
		},
		func() { err = c.presentScore(ctx, query, held) },
	)
	return err
}

// presentAgain publishes the promotion score that goes with this node's data. The position stays
// as it was published: it may answer an election, and the elected node reads it again in promote.
func (c *Controller) presentAgain(ctx context.Context) error {
	record := c.askRecord(ctx)
	held, err := c.positions(ctx)
	if err != nil {
		return err
	}
	return c.presentScore(ctx, record, held)
}

func (c *Controller) presentScore(ctx context.Context, query recordQuery, held replication.Positions) error {
	record, err := query()
	if err != nil {
		return err
	}
	if err := c.diskFailure(ctx); err != nil {
		c.Log.WithError(err).Warn("this node's databases cannot be written to disk: it does not stand for promotion")
		return c.Cluster.ClearScore(ctx)
	}
	score, ok := replication.StartScore(c.Node, record, held)
	switch {
	case c.blessed(ctx):
		score, ok = replication.ScoreElected, true
	case !ok && c.mayLeadBehind():
		score, ok = replication.ScoreBehind, true
	}
	if !ok {
		c.Log.WithField("term", record.Term).WithField("leader", record.Node).Warn(
			"this node's data has not seen the current term and cannot lead: " + held.Summary())
		return c.Cluster.ClearScore(ctx)
	}
	return c.Cluster.SetScore(ctx, "", score)
}

// startSources falls back to parking: a server that starts parked is pointed
// at the promoted node by the next notification or monitor, at that of another
// agent by [Controller.FollowOtherAgent]. Pacemaker's lists are not asked: a
// failed promotion makes a node appear promoted in them.
func (c *Controller) startSources(ctx context.Context) replication.Sources {
	leader, err := c.leader(ctx)
	c.warn(err, "starting without a source")
	if leader.Node == "" {
		return c.parking()
	}
	return leader.Sources
}

// startUnit starts a server parked, whatever it is to follow: the source is
// questioned first, and a server that starts with one copies it at once.
func (c *Controller) startUnit(ctx context.Context, u Unit, source string, record recordQuery) error {
	adopted, err := c.adoptRunning(ctx, u, source, record)
	if adopted || err != nil {
		return err
	}
	if err := c.ensureFile(ctx, u); err != nil {
		return err
	}
	if err := c.launch(ctx, u); err != nil {
		return err
	}
	if err := c.awaitBackup(ctx, u); err != nil {
		return err
	}
	return c.followAfterStart(ctx, u, source, record)
}

// followAfterStart leaves a server parked whose source cannot be followed: the
// instance works, and monitor names the fault.
func (c *Controller) followAfterStart(ctx context.Context, u Unit, source string, record recordQuery) error {
	if source != u.Endpoint.Parking() {
		c.warn(c.follow(ctx, u, source, record), "the "+u.Name()+" server stays parked")
	}
	return nil
}

// adoptRunning adopts the unit's server if it runs and is this agent's. A server of another
// manager is an error. Any other is ended: one that OVN's ovn-ctl has started has a monitor process
// that would restart it as an active one, one without control socket cannot be adopted, and one with
// other files for TLS cannot be given those of the parameters.
func (c *Controller) adoptRunning(ctx context.Context, u Unit, source string, record recordQuery) (bool, error) {
	pid, err := u.Running()
	if err != nil || pid == 0 {
		return false, err
	}
	if err := u.foreign(); err != nil {
		return false, err
	}
	if !u.Files.StartedElsewhere(pid) && u.Files.RunsWith(pid, u.Endpoint.Keys) {
		if err := c.adopt(ctx, u, source, record); !errors.Is(err, ovsdbctl.ErrNotListening) {
			return true, err
		}
	}
	c.Log.WithField("db", u.Name()).WithField("pid", pid).
		Warn("replacing a server that this agent did not start, that has other files for TLS, or has lost its control socket")
	return false, c.stopUnit(ctx, u)
}

// adopt makes a server that already runs a backup of source. A server that
// follows source already is left alone, with its session.
func (c *Controller) adopt(ctx context.Context, u Unit, source string, record recordQuery) error {
	return step(ctx, "make the running "+u.Name()+" server a backup", u.Server.ControlSocket, func(ctx context.Context) error {
		status, err := u.Server.SyncStatus(ctx)
		if err != nil || status.Role == ovsdbctl.RoleBackup && status.Source == source {
			return err
		}
		if err := c.makeBackup(ctx, u); err != nil {
			return err
		}
		return c.followAfterStart(ctx, u, source, record)
	})
}

func (c *Controller) ensureFile(ctx context.Context, u Unit) error {
	file := process.DatabaseFile{Path: u.Files.Database, Schema: u.Files.Schema, Owner: c.Owner}
	return step(ctx, "prepare the "+u.Name()+" database", u.Files.Database, func(ctx context.Context) error {
		ensured, err := file.Ensure(ctx)
		if err == nil {
			logEnsured(c.Log.WithField("db", u.Name()).WithField("file", u.Files.Database), ensured)
		}
		return err
	})
}

func logEnsured(log logrus.FieldLogger, ensured process.Ensured) {
	switch ensured.Outcome {
	case process.OutcomeCreated:
		log.Warn("created an empty database, as there was no file")
	case process.OutcomeKept:
		log.WithField("version", ensured.FileVersion).WithField("installed", ensured.SchemaVersion).
			Info("kept the schema of the database: the promoted node converts to the installed one when all nodes have that")
	case process.OutcomeCurrent:
		log.Debug("the database has the installed schema")
	}
}

func (c *Controller) awaitBackup(ctx context.Context, u Unit) error {
	return step(ctx, "see the "+u.Name()+" server answer as a backup", u.Server.ControlSocket, func(ctx context.Context) error {
		return await(ctx, func(ctx context.Context) error {
			status, err := u.Server.SyncStatus(ctx)
			if err == nil && status.Role != ovsdbctl.RoleBackup {
				err = fmt.Errorf("the server is %s", status.Role)
			}
			return err
		})
	})
}
