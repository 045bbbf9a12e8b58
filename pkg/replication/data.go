package replication

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"ovndb-servers/pkg/ovsdbfile"
)

// connectionTable holds the listeners, which are no content of an operator's.
const connectionTable = "Connection"

// holding is what one unit's database file holds.
type holding struct {
	marker *Marker
	// position orders it among other nodes' data. Content of unmarked data is
	// not in it.
	position Position
	// rows counts the rows besides the global one and the listeners.
	rows int
}

// read reads what a unit's file holds. The file may be in use: a server writes
// each transaction to it before it answers.
func (c *Controller) read(ctx context.Context, u Unit) (holding, error) {
	global := u.Server.Database.GlobalTable
	s, err := ovsdbfile.Summarize(ctx, u.Files.Database, global, keyBeat, global, connectionTable)
	if err != nil {
		return holding{}, fmt.Errorf("cannot read what %s holds: %w", u.Name(), err)
	}
	m, err := ParseMarker(s.Global)
	if err != nil {
		return holding{}, fmt.Errorf("cannot use %s: %w", u.Files.Database, err)
	}
	changes := uint64(max(s.ChangesAfterKey, 0))
	possible := changes + uint64(max(s.ChangesWithKey, 0))
	return holding{marker: m, position: PositionOf(m, changes, possible, ""), rows: s.Rows}, nil
}

// position returns a unit's position. Unmarked data that is not empty is told
// apart by a digest, for which its server must answer.
func (c *Controller) position(ctx context.Context, u Unit) (Position, error) {
	h, err := c.read(ctx, u)
	if err != nil {
		return Position{}, err
	}
	return c.withContent(ctx, u, h)
}

// withContent returns the position of what a unit holds, with the digest if it
// needs one.
func (c *Controller) withContent(ctx context.Context, u Unit, h holding) (Position, error) {
	if h.marker != nil || h.rows == 0 {
		return h.position, nil
	}
	store, err := u.Server.Open(ctx)
	if err != nil {
		return Position{}, err
	}
	defer store.Close()
	h.position.Content, err = store.Digest(ctx, u.Server.Database.GlobalTable, connectionTable)
	return h.position, err
}

// positions returns the position of every unit.
func (c *Controller) positions(ctx context.Context) (Positions, error) {
	found := make([]Position, len(c.Units))
	errs := make([]error, len(c.Units))
	var wg sync.WaitGroup
	for i, u := range c.Units {
		wg.Go(func() { found[i], errs[i] = c.position(ctx, u) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all := Positions{}
	for i, u := range c.Units {
		all[u.Name()] = found[i]
	}
	return all, nil
}

// record returns the cluster record; nil if there is none.
func (c *Controller) record(ctx context.Context) (*Record, error) {
	text, err := c.Cluster.Record(ctx)
	if err != nil {
		return nil, err
	}
	return ParseRecord(text)
}
