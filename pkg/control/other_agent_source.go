package control

import (
	"context"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
)

// FollowOtherAgent has servers that wait parked follow a node that another agent has promoted, through the
// virtual address and after a snapshot, as Follow does after a notification: where this node has started
// since, a server was restarted, or the notification was missed.
//
// It does nothing while another action is under way. It is for a backup that has known no promoted node for a
// while: the cluster may show as promoted a node whose promotion is not finished.
func (c *Controller) FollowOtherAgent(ctx context.Context) error {
	if !c.Listening.MasterIP.IsValid() || c.Holds(c.Listening.MasterIP) || c.Promoted() {
		return nil
	}
	if !slices.Contains(parallel.Map(c.Units, func(u Unit) bool { return u.parked(ctx) }), true) {
		return nil
	}
	promoted, err := c.otherAgentsNode(ctx)
	if err != nil || promoted == "" {
		return err
	}
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return err
	}
	defer unlock()
	c.Log.WithField("promoted", promoted).Info("following the virtual address, as another agent has promoted a node")
	record := c.askRecord(ctx)
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		if !u.parked(ctx) {
			return nil
		}
		return c.follow(ctx, u, u.Endpoint.Source(c.Listening.MasterIP), record)
	})
}

// parked reports whether the unit's server is a backup that waits for a source.
func (u Unit) parked(ctx context.Context) bool {
	if u.stopped() {
		return false
	}
	asking, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	status, err := u.Server.SyncStatus(asking)
	return err == nil && status.Role == ovsdbctl.RoleBackup && status.Source == u.Endpoint.Parking()
}

// otherAgentsNode returns the other node that the cluster has promoted and that runs another agent: it has
// published nothing, as each start of this one does. It is empty if there is none, or this agent elects or has
// promoted a node.
func (c *Controller) otherAgentsNode(ctx context.Context) (string, error) {
	if leaders, err := c.Cluster.Published(ctx, TopicActive); err != nil || len(leaders) > 0 {
		return "", err
	}
	rounds, err := c.Cluster.Published(ctx, TopicRound)
	if err != nil {
		return "", err
	}
	for _, round := range rounds {
		if !strings.HasSuffix(round, roundDone) {
			return "", nil
		}
	}
	promoted, err := c.Cluster.PromotedNode(ctx)
	if err != nil || promoted == c.Node {
		return "", err
	}
	positions, err := c.Cluster.Published(ctx, TopicPosition)
	if err != nil || positions[promoted] != "" {
		return "", err
	}
	return promoted, nil
}
