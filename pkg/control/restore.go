package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

// Restored is the result of a restore.
type Restored struct {
	// Database is the database that was restored.
	Database string
	// Kept is the snapshot that holds the earlier file; nil if there was none.
	Kept *snapshot.Info
	// Position is that of the data that is there now.
	Position replication.Position
}

// ErrRunning is returned when a server runs that must not.
var ErrRunning = errors.New("a server of the resource runs on this node: stop the resource here first")

// Restore puts a snapshot in the place of its database file, after keeping
// the present file in a snapshot of its own. No server of the resource may run on this node.
// It returns ErrRunning if one does, [snapshot.ErrNoSnapshot] if there is none of
// the name.
func (c *Controller) Restore(ctx context.Context, name string) (Restored, error) {
	source, info, err := c.SnapshotDirectory().Open(name)
	if err != nil {
		return Restored{}, err
	}
	defer source.Close() //nolint:errcheck // only read
	u, err := c.unitOf(info.Database)
	if err != nil {
		return Restored{}, fmt.Errorf("cannot restore a snapshot of %s: %w", info.Database, err)
	}
	if err := c.prepareState(); err != nil { // the lock does not outlive a reboot
		return Restored{}, fmt.Errorf("cannot lock the resource: %w", err)
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return Restored{}, err
	}
	defer unlock()
	if err := c.noneRuns(); err != nil {
		return Restored{}, err
	}
	restored := Restored{Database: u.Name()}
	if restored.Kept, err = c.keepPresent(ctx, u, "an operator has put the snapshot "+name+" in its place"); err != nil {
		return restored, err
	}
	if err := c.checkpoint(u).drop(); err != nil { // that of a file that is gone
		return restored, err
	}
	// Before the rows are there: without that note the next follow keeps a snapshot.
	if err := c.followed(u).drop(); err != nil {
		return restored, err
	}
	file := process.DatabaseFile{Path: u.Files.Database, Owner: c.Owner}
	if err := file.Replace(ctx, source, u.Name()); err != nil {
		return restored, fmt.Errorf("cannot restore snapshot %s: %w", name, err)
	}
	if restored.Position, err = c.ReadPosition(ctx, u); err != nil {
		return restored, fmt.Errorf("snapshot %s is in its place, and cannot be read there: %w", name, err)
	}
	return restored, nil
}

// SnapshotDirectory returns where the snapshots of the resource on this node are.
func (c *Controller) SnapshotDirectory() snapshot.Directory {
	return snapshot.In(c.StateDir, c.Layout.DatabaseDir)
}

func (c *Controller) noneRuns() error {
	for _, u := range c.Units {
		pid, err := u.Running()
		if err != nil {
			return err
		}
		if pid != 0 {
			return fmt.Errorf("%w: %s, pid %d", ErrRunning, u.Name(), pid)
		}
	}
	return nil
}

// keepPresent keeps a snapshot of the file that is about to be replaced, if there
// is one, in whatever state it is.
func (c *Controller) keepPresent(ctx context.Context, u Unit, reason string) (*snapshot.Info, error) {
	if _, err := foreignpath.Stat(u.Files.Database); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing to keep is no error
	}
	position := "cannot be read"
	if held, err := c.read(ctx, u); err == nil {
		position = held.position.Summary()
	}
	info, _, err := c.SnapshotDirectory().Take(ctx, snapshot.Info{
		Database: u.Name(), File: u.Files.Database, Why: "replaced", Position: position,
		Reason: reason,
	})
	if err != nil {
		return nil, err
	}
	return &info, nil
}
