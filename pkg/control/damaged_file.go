package control

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/replication"
)

// snapshotDamaged is the kind of snapshot that keeps a file which is damaged in the middle.
const snapshotDamaged = "damaged"

// keepDamaged keeps a snapshot of a file that its server, which has just started, takes for shorter than it is:
// that takes the records before a damaged one for the whole, and cuts off all others with its first write.
func (c *Controller) keepDamaged(ctx context.Context, u Unit, torn *ovsdbfile.TornError) error {
	if !isDamaged(u, torn) {
		return nil
	}
	c.Log.WithError(torn).WithField("db", u.Name()).Error("the database file is damaged: the server goes on without the rows from there on")
	return c.snapshot(ctx, u, replication.Admission{Snapshot: "the file is damaged, and its server cuts it off: " + torn.Reason, Why: snapshotDamaged})
}

// mendIfDamaged is keepDamaged of a server that may have been started without it, as by a supervisor that was killed
// then, or whose file was overwritten under it. One that runs writes its rows as a new file then: nothing that is read
// behind the damage would be found.
func (c *Controller) mendIfDamaged(ctx context.Context, u Unit) error {
	found, err := c.read(ctx, u)
	if err != nil || !isDamaged(u, found.torn) {
		return err
	}
	if err := c.keepDamaged(ctx, u, found.torn); err != nil || u.stopped() {
		return err
	}
	return u.Server.Compact(ctx)
}

// isDamaged reports whether a file is damaged in the middle. Of one that ends within a record, or in zeros after a loss
// of power, there is nothing to keep.
func isDamaged(u Unit, torn *ovsdbfile.TornError) bool {
	return torn != nil && !torn.Incomplete && !onlyZeros(u.Files.Database, torn.Offset)
}

// onlyZeros reports whether a file has nothing but zeros from an offset on.
func onlyZeros(path string, offset int64) bool {
	file, err := ovsdbfile.Open(path)
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // only read
	rest := bufio.NewReader(io.NewSectionReader(file, offset, math.MaxInt64-offset))
	for {
		b, err := rest.ReadByte()
		if err != nil || b != 0 {
			return errors.Is(err, io.EOF)
		}
	}
}
