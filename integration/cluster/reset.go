package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reset undoes the faults and settings of tests: frozen nodes go on, those without power
// boot, Pacemaker runs, partitions heal, standby, maintenance, moves and stopped resources
// end, and failures are forgotten. It waits until the cluster is settled. Rows, parameters
// and other properties stay as they are. A step that fails keeps none of the others
// from being tried: the error joins all of theirs.
func (c *Cluster) Reset(ctx context.Context) error {
	if err := c.revive(ctx); err != nil {
		return err
	}
	view, err := c.awaitQuorum(ctx)
	if err != nil {
		return err
	}
	if err := c.resetConfiguration(ctx, view); err != nil {
		return fmt.Errorf("cannot reset cluster %s: %w", c.config.Name, err)
	}
	return c.Await(ctx, "the cluster to settle", c.Settled())
}

// resetConfiguration is [Cluster.Reset] of Pacemaker's configuration and history, as far
// as the view shows that there may be something to undo.
func (c *Cluster) resetConfiguration(ctx context.Context, view View) error {
	var failures []error
	for _, node := range view.Nodes {
		if node.Standby {
			failures = append(failures, c.Unstandby(ctx, node.Name))
		}
	}
	failures = append(failures, c.SetProperty(ctx, "maintenance-mode", ""))
	if c.Settled()(view) != nil || len(view.Failures) > 0 {
		failures = append(failures, c.ClearMoves(ctx), c.StartResource(ctx))
	}
	if len(view.Failures) > 0 {
		failures = append(failures, c.cleanupFailed(ctx, view))
	}
	return errors.Join(failures...)
}

// cleanupFailed makes Pacemaker forget the failures of the clone and, if it has any, of the
// virtual IP.
func (c *Cluster) cleanupFailed(ctx context.Context, view View) error {
	err := c.Cleanup(ctx, Clone)
	ofVIP := func(failure Failure) bool { return strings.HasPrefix(failure.Operation, VIPResource+"_") }
	if slices.ContainsFunc(view.Failures, ofVIP) {
		err = errors.Join(err, c.Cleanup(ctx, VIPResource))
	}
	return err
}

// AwaitWhole waits for a partition with quorum in which all nodes are online, by what each of them
// sees: one that was frozen or cut off sees for a moment what it saw before. What is changed in
// Pacemaker's configuration before may be lost to the configuration of another partition.
func (c *Cluster) AwaitWhole(ctx context.Context) error {
	_, err := c.awaitQuorum(ctx)
	return err
}

// awaitQuorum is AwaitWhole, and returns the view of the first node.
func (c *Cluster) awaitQuorum(ctx context.Context) (View, error) {
	var found View
	err := c.AwaitThat(ctx, "all nodes to be online", func(ctx context.Context) error {
		for i, node := range c.nodes {
			view, err := c.ViewFrom(ctx, node.Name)
			if err != nil {
				return err
			}
			if i == 0 {
				found = view
			}
			if online := view.Online(); !view.Quorum || len(online) != len(c.nodes) || view.DC != found.DC {
				return fmt.Errorf("%s sees online: %v, quorum %t, the coordinator %q", node.Name, online, view.Quorum, view.DC)
			}
		}
		return nil
	})
	return found, err
}

// revive makes every node run, with its network and Pacemaker.
func (c *Cluster) revive(ctx context.Context) error {
	return c.ForEachNode(func(node Node) error { return c.reviveNode(ctx, node) })
}

// reviveNode is revive of one node.
func (c *Cluster) reviveNode(ctx context.Context, node Node) error {
	state, err := c.State(ctx, node.Name)
	if err != nil {
		return err
	}
	switch state {
	case "paused":
		err = c.Thaw(ctx, node.Name)
	case "exited":
		err = c.PowerOn(ctx, node.Name)
	}
	if err != nil {
		return err
	}
	if err := c.Heal(ctx, node.Name); err != nil {
		return err
	}
	if state == "exited" {
		return nil // the boot starts Pacemaker, once Corosync runs
	}
	return c.StartPacemaker(ctx, node.Name)
}
