package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// checkpointAfter is how much of a file is read over and over, in bytes, before the
// result is kept for the next action: a few hundred microseconds.
const checkpointAfter = 64 << 10

// fileReader goes on reading a unit's database file where it has stopped, or where
// another process has.
type fileReader struct {
	unit Unit
	kept checkpoint
	log  logrus.FieldLogger

	follower *ovsdbfile.Follower
	size     int64 // of the part of the file that is kept
	saved    bool  // there is a checkpoint of that part
}

func (c *Controller) fileReader(u Unit) *fileReader {
	r := &fileReader{unit: u, kept: c.checkpoint(u), log: c.Log}
	r.resume(r.kept.load())
	return r
}

// resume goes on from a checkpoint, or from the beginning of the file. It tracks no rows: those of unmarked
// data alone count, see [Controller.content].
func (r *fileReader) resume(from ovsdbfile.Checkpoint) {
	r.follower = ovsdbfile.Resume(from, r.unit.Files.Database, r.unit.Server.Database.GlobalTable, replication.KeyBeat)
	r.follower.WithoutRows()
	r.size = from.Size()
	r.saved = r.size > 0
}

// holding returns the file's present content.
func (r *fileReader) holding(ctx context.Context) (fileContent, error) {
	switch {
	case r.saved && !r.kept.held(): // somebody has put another file there
		r.resume(ovsdbfile.Checkpoint{})
	case !r.saved && r.kept.held(): // somebody was faster
		r.resume(r.kept.load())
	}
	s, err := r.follower.Advance(ctx)
	if err != nil {
		return fileContent{}, fmt.Errorf("cannot read the file of %s: %w", r.unit.Name(), err)
	}
	m, err := replication.ParseMarker(s.Global)
	if err != nil { // a client has written it: the term of the data is not known
		r.log.WithError(err).WithField("file", r.unit.Files.Database).Debug("the data counts as that of no term")
	}
	if m != nil || s.Size >= checkpointAfter {
		r.keep(s)
	}
	changes := uint64(max(s.ChangesAfterKey, 0))
	possible := changes + uint64(max(s.ChangesWithKey, 0))
	return fileContent{marker: m, position: replication.PositionOf(m, changes, possible, ""), rows: s.Rows, torn: s.Torn}, nil
}

// keep leaves a checkpoint for other processes after the whole file, or much of it, was
// read.
func (r *fileReader) keep(s ovsdbfile.Summary) {
	if r.size == 0 || s.Size-r.size >= checkpointAfter {
		r.leave()
	}
}

// leave leaves a checkpoint of all that has been read.
func (r *fileReader) leave() {
	reached, ok := r.follower.Checkpoint()
	if !ok {
		return
	}
	err := r.kept.save(reached)
	if err != nil {
		r.log.WithError(err).Debug("the next action has to read more of the file of " + r.unit.Name())
	}
	r.resume(reached)
	r.saved = err == nil
}

// FileReaders go on reading the database files of this node: a part that was read once is not
// read again. They are not safe for concurrent use.
type FileReaders struct {
	c       *Controller
	members []*fileReader
}

// FileReaders returns new ones, which go on from where an action, or the supervisor, has
// come to. They hold no file open.
func (c *Controller) FileReaders() *FileReaders {
	r := &FileReaders{c: c}
	for _, u := range c.Units {
		r.members = append(r.members, c.fileReader(u))
	}
	return r
}

// Refresh reads the changes since the last time, one file after the other, and leaves
// a checkpoint, so that an action that needs a position does not read it again. The
// errors are those of the files: one that is missing or damaged has no position.
func (r *FileReaders) Refresh(ctx context.Context) error {
	var errs []error
	for _, m := range r.members {
		_, err := m.holding(ctx)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// positions returns the position of every unit.
func (r *FileReaders) positions(ctx context.Context) (replication.Positions, error) {
	return r.read(ctx, r.c.withContent)
}

// terms returns the position of every unit, without the digest of unmarked data.
func (r *FileReaders) terms(ctx context.Context) (replication.Positions, error) {
	return r.read(ctx, func(_ context.Context, _ Unit, h fileContent) (fileContent, error) {
		h.position = r.c.knownTerms().believe(h.position)
		return h, nil
	})
}

// read returns the position of every unit, completed by a function.
func (r *FileReaders) read(
	ctx context.Context, complete func(context.Context, Unit, fileContent) (fileContent, error),
) (replication.Positions, error) {
	type result struct {
		position replication.Position
		err      error
	}
	results := parallel.Map(r.members, func(m *fileReader) result {
		content, err := m.holding(ctx)
		if err == nil {
			content, err = complete(ctx, m.unit, content)
		}
		if err != nil {
			return result{err: err}
		}
		if !r.c.onlyFollowed(m.unit, content.position) {
			content.position = content.position.WasWritable()
		}
		return result{position: content.position}
	})
	all := replication.Positions{}
	var errs []error
	for i, m := range r.members {
		all[m.unit.Name()] = results[i].position
		errs = append(errs, results[i].err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}
