package replication

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// grounds is what this node decides an election on, besides the other nodes' answers.
type grounds struct {
	record   *Record
	blessing *Blessing
	// finals say where the data of other nodes ended at least that were demoted in the
	// record's term. End says where that of the node that led it did, which may be this
	// one; nil if it has not been demoted, or cannot tell.
	finals map[string]Positions
	end    Positions
	// said is what this node said itself, nil if nothing.
	said Positions
}

// grounds asks the cluster all at once.
func (c *Controller) grounds(ctx context.Context) (grounds, error) {
	return c.groundsUnder(ctx, c.record)
}

// groundsUnder asks the cluster for all but the record.
func (c *Controller) groundsUnder(ctx context.Context, record func(context.Context) (*Record, error)) (grounds, error) {
	var g grounds
	var published map[string]string
	var recordErr, finalErr error
	together(
		func() { g.record, recordErr = record(ctx) },
		func() { published, finalErr = c.Cluster.Published(ctx, TopicFinal) },
	)
	if err := errors.Join(recordErr, finalErr); err != nil {
		return grounds{}, fmt.Errorf("cannot learn what to decide an election on: %w", err)
	}
	if g.record != nil {
		g.finals = readAnswers(published, "")
		maps.DeleteFunc(g.finals, func(_ string, p Positions) bool { return !p.Current(*g.record) })
		if strings.HasPrefix(published[g.record.Node], unsolicited+" ") {
			g.end = g.finals[g.record.Node]
		}
		g.said = g.finals[c.Node]
		delete(g.finals, c.Node)
	}
	var err error
	g.blessing, err = c.blessing(ctx, g.record)
	return g, err
}

// handedOver tells whether the node that led the record's term was demoted: it said
// where its data ended, and wrote nothing after that. Then no node holds more, and
// none has to be asked.
func (g grounds) handedOver() bool {
	for _, position := range g.end {
		if position.TermID != g.record.TermID {
			return false
		}
	}
	return len(g.end) > 0
}

// lost tells whether this node was demoted in the record's term, and no longer holds what
// it said its data ended with: its file was cut short, or is an earlier copy.
func (g grounds) lost(holds Positions) bool {
	return len(g.said) > 0 && (!holds.Current(*g.record) || holds.CompareWithin(*g.record, g.said) < 0)
}
