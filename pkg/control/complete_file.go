package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// errOtherFile is returned where the file of a database holds something else than its server.
var errOtherFile = errors.New("its file does not hold what the server does: it was overwritten")

// fileTimeout is how long the file of a server may seem to hold something else: while it compacts it, or writes a
// beat.
const fileTimeout = 300 * time.Millisecond

// completeFile has the rows of a unit's server in the file that its database's name leads to, before that is read
// instead of them: a server whose file was removed, replaced or overwritten writes it again. What was put there is
// kept in a snapshot.
func (c *Controller) completeFile(ctx context.Context, u Unit) error {
	waiting, cancel := withBudget(ctx, answerFraction, fileTimeout)
	defer cancel()
	fault := await(waiting, func(ctx context.Context) error { return c.checkContent(ctx, u) })
	if fault != nil {
		fault = c.checkContent(ctx, u) // it took the whole time to read a large file
	}
	if fault == nil {
		return c.mendIfDamaged(ctx, u)
	}
	c.Log.WithError(fault).WithField("db", u.Name()).Warn("the file of a server was removed, replaced or overwritten: it writes it again")
	return c.rewriteFile(ctx, u)
}

func (c *Controller) rewriteFile(ctx context.Context, u Unit) error {
	return step(ctx, "have the "+u.Name()+" server write its file again", u.Server.ControlSocket, func(ctx context.Context) error {
		if _, err := c.keepPresent(ctx, u, "its server, which runs, writes its own rows in its place"); err != nil {
			return err
		}
		c.warn(c.SnapshotDirectory().Prune(u.Name(), c.keepSnapshots()), "old snapshots stay")
		if err := u.Server.Compact(ctx); err != nil {
			return err
		}
		return c.checkContent(ctx, u)
	})
}

// checkContent returns a replacedFileError, or errOtherFile, if what is read in the file of a unit is not what its
// server holds.
func (c *Controller) checkContent(ctx context.Context, u Unit) error {
	if err := u.checkFile(); err != nil {
		return err
	}
	return c.compareFile(ctx, u)
}

// replacedFileError is the error of a server whose rows are not in the file that its database's name leads to.
type replacedFileError struct {
	unit Unit
	pid  int
}

// Error implements error.
func (e *replacedFileError) Error() string {
	return fmt.Sprintf("the %s server (pid %d) writes to a file that is no longer %s, so that its rows end with it; have them "+
		"written there with: ovs-appctl -t %s ovsdb-server/compact", e.unit.Name(), e.pid, e.unit.Files.Database, e.unit.Files.ControlSocket)
}

// checkFile returns a replacedFileError if the unit's server runs and its rows are not in the file that its
// database's name leads to: nothing that is read there says what the server holds.
func (u Unit) checkFile() error {
	pid, err := u.Running()
	if err != nil || pid == 0 || !errors.Is(u.Files.CheckDatabase(pid), process.ErrFileReplaced) {
		return nil //nolint:nilerr // nothing is known of a server that is not found
	}
	return &replacedFileError{u, pid}
}

// compareFile returns errOtherFile if the marker in the file of a unit is not that in its server. Of a server that
// does not run, or does not answer, nothing is known.
func (c *Controller) compareFile(ctx context.Context, u Unit) error {
	if u.stopped() {
		return nil
	}
	live, err := c.liveMarker(ctx, u)
	if err != nil && !markerless(err) {
		return nil
	}
	content, err := c.read(ctx, u)
	if err == nil && content.hasMarker(live) || ctx.Err() != nil {
		return nil //nolint:nilerr // nothing is known in time
	}
	return errors.Join(errOtherFile, err)
}

// markerless reports whether an error says that a database has no marker, or none that can be read.
func markerless(err error) bool {
	return errors.Is(err, ovsdbctl.ErrNoGlobal) || errors.Is(err, replication.ErrMarker)
}

// hasMarker reports whether the marker of the content is the given one, nil for none.
func (h fileContent) hasMarker(m *replication.Marker) bool {
	return (h.marker == nil) == (m == nil) && (m == nil || *h.marker == *m)
}
