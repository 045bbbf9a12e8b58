package replication

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
)

// Start brings every server of the resource up as a backup: of the promoted
// node if there is one, of the parking address if there is none. A server that
// already runs is made a backup where it is none.
func (c *Controller) Start(ctx context.Context) error {
	if err := c.Layout.Prepare(c.Owner); err != nil {
		return fmt.Errorf("cannot prepare the directories of the servers: %w", err)
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	sources := c.startSources(ctx)
	var blank atomic.Bool
	err = c.each(ctx, func(ctx context.Context, u Unit) error {
		created, err := c.startUnit(ctx, u, sources[u.Name()])
		if created {
			blank.Store(true)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := c.promotion().drop(); err != nil {
		return err
	}
	c.report(c.Cluster.SetScore(ctx, startScore(blank.Load())), "cannot set the promotion score")
	return nil
}

func startScore(blank bool) int {
	if blank {
		return ScoreBlank
	}
	return ScoreUnproven
}

// startSources falls back to parking: a server that starts parked is pointed
// at the promoted node by the next notification or monitor. Pacemaker's lists
// are not asked: a failed promotion makes a node appear promoted in them.
func (c *Controller) startSources(ctx context.Context) Sources {
	leader, err := c.leader(ctx)
	c.report(err, "starting without a source")
	if leader.Node == "" {
		return c.parking()
	}
	return leader.Sources
}

func (c *Controller) startUnit(ctx context.Context, u Unit, source string) (created bool, err error) {
	if _, err := u.Pidfile().Owner(); !errors.Is(err, process.ErrNotRunning) {
		return false, c.adopt(ctx, u, source)
	}
	created, err = c.ensureFile(ctx, u)
	if err != nil {
		return false, err
	}
	daemon := process.OVSDBServer(process.ServerOptions{
		Files: u.Files, DatabaseName: u.Name(), SyncFrom: source, Owner: c.Owner,
	})
	if err := step(ctx, "start the "+u.Name()+" server", u.Files.Database, daemon.Start); err != nil {
		return created, err
	}
	return created, c.awaitBackup(ctx, u)
}

// adopt makes a server that already runs a backup of source. A server that
// follows source already is left alone, with its session.
func (c *Controller) adopt(ctx context.Context, u Unit, source string) error {
	return step(ctx, "make the running "+u.Name()+" server a backup", u.Server.ControlSocket, func(ctx context.Context) error {
		status, err := u.Server.SyncStatus(ctx)
		if err != nil {
			return err
		}
		if status.Role == ovsdbctl.RoleActive || status.Source != source {
			return c.followIfRunning(ctx, u, source)
		}
		return nil
	})
}

func (c *Controller) ensureFile(ctx context.Context, u Unit) (created bool, err error) {
	file := process.DatabaseFile{Path: u.Files.Database, Schema: u.Files.Schema, Owner: c.Owner}
	var ensured process.Ensured
	err = step(ctx, "prepare the "+u.Name()+" database", u.Files.Database, func(ctx context.Context) error {
		var err error
		ensured, err = file.Ensure(ctx)
		return err
	})
	if err != nil {
		return false, err
	}
	log := c.Log.WithField("db", u.Name()).WithField("file", u.Files.Database)
	switch ensured.Outcome {
	case process.OutcomeCreated:
		log.Warn("created an empty database, as there was no file")
	case process.OutcomeUpgraded:
		log.WithField("backup", ensured.Backup).Info("upgraded the database to the installed schema")
	case process.OutcomeKept:
		log.Warn("kept the database as it is, as its schema is newer than the installed one")
	case process.OutcomeCurrent:
		log.Debug("the database has the installed schema")
	}
	return ensured.Outcome == process.OutcomeCreated, nil
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
