package replication

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Standing is what is known, on one node, of what the nodes hold.
type Standing struct {
	// Record is the cluster record; nil if no promotion was ever recorded.
	Record *Record
	// Node is this node, Own what its database files hold.
	Node string
	Own  Positions
	// Others is what the other nodes said last, at their start, in an election or
	// after a demotion: they may hold more by now, and one that runs no servers
	// has said nothing.
	Others map[string]Positions
	// Promoted are the other nodes that say that they are promoted.
	Promoted []string
	// Blessed is the word an operator has given for this node's data, if it holds.
	Blessed *Blessing
}

// Standing asks this node's files and the cluster.
func (c *Controller) Standing(ctx context.Context) (Standing, error) {
	record, err := c.record(ctx)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Record: record, Node: c.Node, Own: Positions{}, Others: map[string]Positions{}}
	for _, u := range c.Units {
		if s.Own[u.Name()], err = c.ReadPosition(ctx, u); err != nil {
			return Standing{}, err
		}
	}
	for _, topic := range []Topic{TopicPosition, TopicFinal} {
		published, err := c.Cluster.Published(ctx, topic)
		if err != nil {
			return Standing{}, fmt.Errorf("cannot learn what the other nodes hold: %w", err)
		}
		maps.Copy(s.Others, readAnswers(published, ""))
	}
	delete(s.Others, c.Node)
	active, err := c.Cluster.Published(ctx, TopicActive)
	if err != nil {
		return Standing{}, fmt.Errorf("cannot learn which node is promoted: %w", err)
	}
	delete(active, c.Node)
	s.Promoted = slices.Sorted(maps.Keys(active))
	s.Blessed, err = c.blessing(ctx, record)
	return s, err
}

// ReadPosition returns what a unit's database file holds. It needs no server,
// except to tell apart data that was never promoted under this agent.
func (c *Controller) ReadPosition(ctx context.Context, u Unit) (Position, error) {
	h, err := c.read(ctx, u)
	if err != nil {
		return Position{}, err
	}
	p, err := c.withContent(ctx, u, h)
	if err != nil {
		p = Position{Content: "unknown"}
	}
	return p, nil
}

// ReadRecord returns the cluster record; nil if there is none.
func (c *Controller) ReadRecord(ctx context.Context) (*Record, error) { return c.record(ctx) }

// HoldMore returns the other nodes that, by what they said last, hold what this
// node does not.
func (s Standing) HoldMore() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.Others)), func(node string) bool {
		return !s.holdsMore(s.Others[node])
	})
}

func (s Standing) holdsMore(other Positions) bool {
	if s.Record == nil {
		return other.Compare(s.Own) > 0
	}
	theirs, ours := other.Current(*s.Record), s.Own.Current(*s.Record)
	switch {
	case theirs && ours:
		return other.CompareWithin(*s.Record, s.Own) > 0
	case theirs != ours:
		return theirs
	default:
		return other.Compare(s.Own) > 0
	}
}

// Summary names a position for a person.
func (p Position) Summary() string { return p.summary() }

// MarkerPrefix begins the keys of external_ids that are the agent's own.
const MarkerPrefix = markerPrefix
