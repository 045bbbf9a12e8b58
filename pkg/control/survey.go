package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"ovndb-servers/pkg/replication"
)

// Survey asks this node's files and the cluster.
func (c *Controller) Survey(ctx context.Context) (replication.Survey, error) {
	record, err := c.Record(ctx)
	if err != nil {
		return replication.Survey{}, err
	}
	s := replication.Survey{Record: record, Node: c.Node, Own: replication.Positions{}}
	for _, u := range c.Units {
		if s.Own[u.Name()], err = c.ReadPosition(ctx, u); err != nil {
			return replication.Survey{}, err
		}
	}
	published, err := c.Cluster.Published(ctx, TopicPosition)
	if err != nil {
		return replication.Survey{}, fmt.Errorf("cannot learn the positions of the other nodes: %w", err)
	}
	s.Others = replication.ReadAnswers(published, "")
	delete(s.Others, c.Node)
	active, err := c.Cluster.Published(ctx, TopicActive)
	if err != nil {
		return replication.Survey{}, fmt.Errorf("cannot learn which node is promoted: %w", err)
	}
	delete(active, c.Node)
	s.Promoted = slices.Sorted(maps.Keys(active))
	s.Blessed, err = c.blessing(ctx, record)
	return s, err
}

// ReadPosition returns the position of a unit's database file. It needs no server.
func (c *Controller) ReadPosition(ctx context.Context, u Unit) (replication.Position, error) {
	h, err := c.read(ctx, u)
	if err == nil {
		h, err = c.withContent(ctx, u, h)
	}
	if err != nil {
		return replication.Position{}, err
	}
	return h.position, nil
}
