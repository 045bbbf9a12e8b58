package control

import (
	"fmt"

	"ovndb-servers/pkg/replication"
)

// noteFollowed keeps that a server was pointed at a source. It copies that later, if at all: where it was writable
// before, its rows are those of the source only once its data is beyond what both had when it was admitted. The note
// is "TERM-ID BEAT" then, and empty otherwise.
func (c *Controller) noteFollowed(u Unit, a admission) error {
	own, source := a.joined.Own, a.joined.Source
	if !a.joined.WasWritable || !own.Marked() || source == nil {
		return c.followed(u).take()
	}
	beat := uint64(0)
	if own.TermID == source.TermID {
		beat = max(own.Progress.Beat, source.Beat)
	}
	return c.followed(u).write(fmt.Sprintf("%s %d", source.TermID, beat))
}

// onlyFollowed reports whether all rows of a database at a position come from the source that it followed last, or
// from a term that this node led.
func (c *Controller) onlyFollowed(u Unit, p replication.Position) bool {
	var term string
	var beat uint64
	followed := c.followed(u)
	if _, err := fmt.Sscan(followed.read(), &term, &beat); err != nil {
		return followed.held()
	}
	return p.TermID == term && p.Progress.Beat > beat
}
