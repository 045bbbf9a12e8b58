package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/replication"
)

// leader asks the cluster which other node is promoted. If two nodes say so, the one that
// the cluster record names is believed, or else none: a later look knows more.
func (c *Controller) leader(ctx context.Context) (replication.Leader, error) {
	nodes, err := c.published(ctx)
	if err != nil {
		return replication.Leader{}, err
	}
	return c.leaderAmong(ctx, nodes)
}

// published returns the addresses that promoted nodes have published, this one included.
func (c *Controller) published(ctx context.Context) (map[string]string, error) {
	nodes, err := c.Cluster.Published(ctx, TopicActive)
	if err != nil {
		return nil, fmt.Errorf("cannot learn which node is promoted: %w", err)
	}
	return nodes, nil
}

// leaderAmong is [Controller.leader] of the published addresses.
func (c *Controller) leaderAmong(ctx context.Context, nodes map[string]string) (replication.Leader, error) {
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(nodes)), func(node string) bool { return node == c.Node })
	switch len(others) {
	case 0:
		return replication.Leader{}, nil
	case 1:
		sources, err := replication.ParseSources(nodes[others[0]], names(c.Units))
		if err != nil {
			return replication.Leader{}, fmt.Errorf("cannot use what node %s published: %w", others[0], err)
		}
		return replication.Leader{Node: others[0], Sources: sources}, nil
	default:
		if record, err := c.Record(ctx); err == nil && record != nil && slices.Contains(others, record.Node) {
			sources, err := replication.ParseSources(nodes[record.Node], names(c.Units))
			return replication.Leader{Node: record.Node, Sources: sources}, err
		}
		return replication.Leader{}, fmt.Errorf("%w: nodes %s", ErrTwoLeaders, strings.Join(others, ", "))
	}
}

// ErrTwoLeaders is returned while more than one other node says that it is
// promoted.
var ErrTwoLeaders = errors.New("more than one node says that it is promoted")

// ErrNoSource is returned when no address is known to replicate from.
var ErrNoSource = errors.New("the promoted node has published no address to replicate from")

// publicationTimeout is the time within which a published value reaches the other nodes; after that
// the agent of the node is one that publishes nothing.
const publicationTimeout = 5 * time.Second

// sourcesOf returns where to replicate from when node promoted leads: the address
// that it publishes, or, if it publishes nothing, the virtual address, but never while
// that is this node's: a server that replicates from itself turns active.
func (c *Controller) sourcesOf(ctx context.Context, promoted string) (replication.Sources, error) {
	waiting, cancel := withBudget(ctx, answerFraction, publicationTimeout)
	defer cancel()
	var sources replication.Sources
	err := await(waiting, func(ctx context.Context) error {
		nodes, err := c.Cluster.Published(ctx, TopicActive)
		if err != nil {
			return err
		}
		if nodes[promoted] == "" {
			return ErrNoSource
		}
		sources, err = replication.ParseSources(nodes[promoted], names(c.Units))
		return err
	})
	if err == nil {
		return sources, nil
	}
	return c.virtualSources(promoted, err)
}

func (c *Controller) virtualSources(promoted string, cause error) (replication.Sources, error) {
	if !c.Listening.MasterIP.IsValid() {
		return nil, fmt.Errorf("cannot follow node %s: %w, and there is no virtual address", promoted, cause)
	}
	if c.Holds(c.Listening.MasterIP) {
		return nil, fmt.Errorf("cannot follow node %s: %w, and this node holds the virtual address %s itself",
			promoted, cause, c.Listening.MasterIP)
	}
	c.warn(cause, "following the virtual address, as node "+promoted+" published none of its own")
	return SourcesAt(c.Units, c.Listening.MasterIP), nil
}

func (c *Controller) parking() replication.Sources {
	return SourcesAt(c.Units, netip.MustParseAddr(ParkingAddress))
}
