package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ovndb-servers/pkg/ovsdbfile"
)

// checkpoint is the file in which a checkpoint of a database file is kept. To drop it
// makes every process read the whole database file again.
type checkpoint struct {
	note
}

// maxCheckpoint is how large a checkpoint may be, in bytes. Without long external_ids it
// has some 2000.
const maxCheckpoint = 64 << 10

// load returns the checkpoint, which is of no use if there is none or it is damaged.
func (c checkpoint) load() ovsdbfile.Checkpoint {
	var kept ovsdbfile.Checkpoint
	text, err := readBounded(c.path, maxCheckpoint)
	if err != nil || json.Unmarshal(text, &kept) != nil {
		return ovsdbfile.Checkpoint{}
	}
	return kept
}

// save puts a checkpoint in its place. Others may do so at the same time: the last one
// stays, and each of them serves.
func (c checkpoint) save(reached ovsdbfile.Checkpoint) error {
	text, err := json.Marshal(reached)
	if err != nil {
		return err
	}
	if len(text) > maxCheckpoint {
		return fmt.Errorf("cannot keep a checkpoint in %s: it has %d bytes", c.path, len(text))
	}
	if err := replaceFile(c.path, text); err != nil {
		return fmt.Errorf("cannot keep a checkpoint: %w", err)
	}
	return nil
}

// completeTimeout bounds the read of what a server has written since the last checkpoint of its file.
const completeTimeout = time.Second

// completeCheckpoint brings the checkpoint of a server's file up to date, if there is one, once the server has
// ended: the next one starts with the same file, which is not read again then.
func (c *Controller) completeCheckpoint(ctx context.Context, u Unit) {
	r := c.fileReader(u)
	if !r.saved {
		return
	}
	ctx, cancel := withBudget(ctx, answerFraction, completeTimeout)
	defer cancel()
	if _, err := r.follower.Advance(ctx); err != nil {
		c.Log.WithError(err).Debug("the next start has to read the whole file of " + u.Name())
		return
	}
	r.leave()
}

// dropOutdatedCheckpoint drops the checkpoint of a file that is not exactly as it was when it was read last.
// It reports whether there is one left.
func (c *Controller) dropOutdatedCheckpoint(u Unit) bool {
	kept := c.checkpoint(u)
	covers, err := kept.load().Covers(u.Files.Database)
	if covers && err == nil {
		return true
	}
	c.warn(kept.drop(), "an earlier content of the file may be taken for the present one")
	return false
}

// proveCheckpoint drops the checkpoint of a file unless the server that has read it found the same marker, or
// none either: a server takes the records before a damaged one for the whole, and a disk may return other
// bytes than before. It reports whether it stays.
func (c *Controller) proveCheckpoint(ctx context.Context, u Unit) bool {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	live, err := c.markerOfStarted(ctx, u)
	if markerless(err) {
		live, err = nil, nil
	}
	if err == nil {
		content, err := c.read(ctx, u)
		if err == nil && content.hasMarker(live) {
			return true
		}
	}
	c.Log.WithError(err).WithField("db", u.Name()).Warn("the server has not read what its file held before: the file is read again")
	c.warn(c.checkpoint(u).drop(), "an earlier content of the file may be taken for the present one")
	return false
}
