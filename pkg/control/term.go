package control

import (
	"context"
	"errors"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// Markers returns the term markers in the servers that answer, by database. One that is missing
// or makes no sense is nil; that of a server that has not answered this time is left out.
func (c *Controller) Markers(ctx context.Context, states []replication.ServerState) map[string]*replication.Marker {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	type answer struct {
		marker *replication.Marker
		ok     bool
	}
	answers := parallel.Map(c.Units, func(u Unit) answer {
		m, err := c.liveMarker(ctx, u)
		if err != nil {
			c.Log.WithError(err).WithField("db", u.Name()).Debug("cannot read the term marker")
		}
		return answer{m, err == nil || errors.Is(err, ovsdbctl.ErrNoGlobal) || errors.Is(err, replication.ErrMarker)}
	})
	found := map[string]*replication.Marker{}
	for i, u := range c.Units {
		s := states[i].Condition
		if answers[i].ok && (s == replication.ConditionActive || s == replication.ConditionBackup) {
			found[u.Name()] = answers[i].marker
		}
	}
	return found
}

func (c *Controller) liveMarker(ctx context.Context, u Unit) (*replication.Marker, error) {
	var global map[string]string
	err := c.withStore(ctx, u, func(store *ovsdbctl.Store) (err error) {
		global, err = store.Global(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return replication.ParseMarker(global)
}

// beatTimeout bounds the writing of a beat: a busy server gets its beat later.
const beatTimeout = 2 * time.Second

// Beat writes a beat into each database of the node that leads own whose rows have changed
// since the last one, and none at rest. Files go on from where they have read to. None is written once the
// node leads own no more: in the data of a later term its marker would say that it has not seen the start of that.
func (c *Controller) Beat(ctx context.Context, own replication.OwnTerm, files *FileReaders) error {
	reading, cancel := withBudget(ctx, answerFraction, beatTimeout)
	defer cancel()
	held, err := files.terms(reading)
	if err != nil {
		c.Log.WithError(err).Debug("a file that cannot be read in time counts as changed")
	}
	writing, cancel := withBudget(ctx, answerFraction, beatTimeout)
	defer cancel()
	return c.forEachUnit(writing, func(ctx context.Context, u Unit) error {
		if p := held[u.Name()]; p.Marked() && p.Progress.AtBeat() {
			return nil
		}
		return c.beatInTerm(ctx, u, own)
	})
}

// BeatNow writes a beat into each database of the node that leads own, though no rows may have
// changed: a backup that has just copied all cannot tell which rows came after the last beat.
func (c *Controller) BeatNow(ctx context.Context, own replication.OwnTerm) error {
	ctx, cancel := withBudget(ctx, answerFraction, beatTimeout)
	defer cancel()
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error { return c.beatInTerm(ctx, u, own) })
}

// beatInTerm writes the next beat, unless the node leads own no more.
func (c *Controller) beatInTerm(ctx context.Context, u Unit, own replication.OwnTerm) error {
	_, err := c.inTerm(ctx, own, func() error { return c.beatUnit(ctx, u, own, false) })
	return err
}

// beatUnit writes the next beat; durably for the last one of a term.
func (c *Controller) beatUnit(ctx context.Context, u Unit, own replication.OwnTerm, durably bool) error {
	return c.write(ctx, u, "write a beat into "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) error {
		next, err := nextMarker(ctx, s, u, own, c.readBeat(u.Name(), own.Record.TermID))
		if err != nil {
			return err
		}
		return setMarker(ctx, s, next, durably)
	})
}

// nextMarker returns the marker with the next beat; if the one in the database does not fit the
// term of this node, or is older than the beat seen, the healed one.
func nextMarker(ctx context.Context, s *ovsdbctl.Store, u Unit, own replication.OwnTerm, seen uint64) (replication.Marker, error) {
	global, err := s.Global(ctx)
	if err != nil {
		return replication.Marker{}, err
	}
	found, err := replication.ParseMarker(global)
	if err != nil {
		found = nil // a client has written it; it is replaced
	}
	marker, fits := own.Heal(u.Name(), found, seen)
	if fits {
		marker.Beat++
	}
	return marker, nil
}

// Heal writes the marker of this node's term back where a client has changed it, with a beat
// beyond seen, the last one known. It reports the databases that were healed.
func (c *Controller) Heal(ctx context.Context, own replication.OwnTerm, found, seen map[string]*replication.Marker) (healed []string, err error) {
	var errs []error
	for _, u := range c.Units {
		marker, running := found[u.Name()]
		if !running || own.Markers[u.Name()].TermID == "" {
			continue
		}
		last := uint64(0)
		if m := seen[u.Name()]; m != nil && m.TermID == own.Record.TermID {
			last = m.Beat
		}
		want, fits := own.Heal(u.Name(), marker, last)
		if fits {
			continue
		}
		done, err := c.inTerm(ctx, own, func() error { return c.writeMarker(ctx, u, want, true) })
		switch {
		case err != nil:
			errs = append(errs, err)
		case done:
			healed = append(healed, u.Name())
		}
	}
	return healed, errors.Join(errs...)
}
