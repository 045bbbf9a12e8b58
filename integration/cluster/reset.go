package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// Reset undoes what tests do to a cluster: frozen nodes go on, those without power
// boot, partitions heal, standby, maintenance, moves and stopped resources end, and
// failures are forgotten. It waits until the cluster is settled. Rows, parameters
// and other properties stay as they are.
func (c *Cluster) Reset(ctx context.Context) error {
	if err := c.revive(ctx); err != nil {
		return err
	}
	view, err := c.awaitQuorum(ctx)
	if err != nil {
		return err
	}
	for _, node := range view.Nodes {
		if node.Standby {
			if err := c.Unstandby(ctx, node.Name); err != nil {
				return err
			}
		}
	}
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return c.SetProperty(ctx, "maintenance-mode", "") },
		c.ClearMoves,
		c.StartResource,
	}
	if c.Settled()(view) == nil && len(view.Failures) == 0 {
		steps = steps[:1]
	}
	if len(view.Failures) > 0 {
		steps = append(steps, func(ctx context.Context) error { return c.Cleanup(ctx, Clone) })
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return fmt.Errorf("cannot reset cluster %s: %w", c.config.Name, err)
		}
	}
	return c.Await(ctx, "the cluster to settle", c.Settled())
}

// awaitQuorum waits for a view from a partition with quorum in which all nodes are
// online, and returns it.
func (c *Cluster) awaitQuorum(ctx context.Context) (View, error) {
	var found View
	err := c.Await(ctx, "all nodes to be online", func(view View) error {
		found = view
		if online := view.Online(); !view.Quorum || len(online) != len(c.nodes) {
			return fmt.Errorf("online: %v, quorum %t", online, view.Quorum)
		}
		return nil
	})
	return found, err
}

// revive makes every node run, with its network.
func (c *Cluster) revive(ctx context.Context) error {
	failures := make(chan error, len(c.nodes))
	var group sync.WaitGroup
	for _, node := range c.nodes {
		group.Go(func() {
			if err := c.reviveNode(ctx, node); err != nil {
				failures <- err
			}
		})
	}
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

// reviveNode is revive of one node.
func (c *Cluster) reviveNode(ctx context.Context, node Node) error {
	state, err := docker(ctx, "inspect", "--format", "{{.State.Status}}", node.Container)
	if err != nil {
		return fmt.Errorf("cannot inspect %s: %w", node.Name, err)
	}
	switch strings.TrimSpace(state) {
	case "paused":
		err = c.Thaw(ctx, node.Name)
	case "exited":
		err = c.PowerOn(ctx, node.Name)
	}
	if err != nil {
		return err
	}
	return c.Heal(ctx, node.Name)
}
