package verify

import (
	"context"
	"slices"
	"strings"
	"time"
)

// settleInterval is the time after which rows that differ are read again.
const settleInterval = 250 * time.Millisecond

// settleCandidates reads the rows that differ again until they do no longer, or the time for that is
// over, and adds the others to the result.
func (c *comparison) settleCandidates(ctx context.Context) error {
	started, before := time.Now(), len(c.candidates)
	ticker := time.NewTicker(settleInterval)
	defer ticker.Stop()
	for len(c.candidates) > 0 && time.Since(started) < c.settle {
		moves, err := c.refresh(ctx)
		if err != nil {
			return err
		}
		if !moves { // neither copy can change, or has
			break
		}
		if err := c.readCandidates(ctx); err != nil {
			return err
		}
		if len(c.candidates) == 0 {
			break
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.settle -= time.Since(started)
	c.result.Settled += before - len(c.candidates)
	for _, row := range c.candidates {
		c.result.add(row.difference, c.options.Keep)
	}
	c.candidates = nil
	return nil
}

func (c *comparison) refresh(ctx context.Context) (moves bool, err error) {
	a, err := c.a.Refresh(ctx)
	if err != nil {
		return false, err
	}
	b, err := c.b.Refresh(ctx)
	return a || b, err
}

// readCandidates reads the rows that differ again and drops those that are settled.
func (c *comparison) readCandidates(ctx context.Context) error {
	slices.SortStableFunc(c.candidates, func(a, b *candidate) int { return strings.Compare(a.table, b.table) })
	var left []*candidate
	for len(c.candidates) > 0 {
		table, n := c.candidates[0].table, 1
		for n < min(maxPiece, len(c.candidates)) && c.candidates[n].table == table {
			n++
		}
		differ, _, err := c.read(ctx, table, c.candidates[:n])
		if err != nil {
			return err
		}
		left = append(left, differ...)
		c.candidates = c.candidates[n:]
	}
	c.candidates = left
	return nil
}
