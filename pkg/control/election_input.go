package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"ovndb-servers/pkg/replication"
)

// electionInput asks the cluster all at once.
func (c *Controller) electionInput(ctx context.Context) (replication.ElectionInput, error) {
	return c.electionInputUnder(ctx, c.Record)
}

// electionInputUnder asks the cluster for all but the record.
func (c *Controller) electionInputUnder(ctx context.Context, record func(context.Context) (*replication.Record, error)) (replication.ElectionInput, error) {
	var g replication.ElectionInput
	var published map[string]string
	var recordErr, finalErr error
	parallel(
		func() { g.Record, recordErr = record(ctx) },
		func() { published, finalErr = c.Cluster.Published(ctx, TopicFinal) },
	)
	if err := errors.Join(recordErr, finalErr); err != nil {
		return replication.ElectionInput{}, fmt.Errorf("cannot learn what to decide an election on: %w", err)
	}
	if g.Record != nil {
		g.Finals = replication.ReadAnswers(published, "")
		maps.DeleteFunc(g.Finals, func(_ string, p replication.Positions) bool { return !p.Current(*g.Record) })
		if strings.HasPrefix(published[g.Record.Node], replication.Unsolicited+" ") {
			g.End = g.Finals[g.Record.Node]
		}
		g.Said = g.Finals[c.Node]
		delete(g.Finals, c.Node)
	}
	var err error
	g.Blessing, err = c.blessing(ctx, g.Record)
	return g, err
}
