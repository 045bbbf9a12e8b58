package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Condition checks a view: nil if it is met, else an error that names what is missing.
type Condition func(View) error

// Await asks for the view until the condition is met or the context ends. The error then
// has the condition's last error and the last view.
func (c *Cluster) Await(ctx context.Context, what string, condition Condition) error {
	return c.await(ctx, what, func(ctx context.Context) (string, error) {
		view, err := c.View(ctx)
		if err != nil {
			return "no view", err
		}
		return view.String(), condition(view)
	})
}

// AwaitThat calls check until it returns nil or the context ends. The error then has
// check's last one. It is for conditions that Pacemaker's view does not show.
func (c *Cluster) AwaitThat(ctx context.Context, what string, check func(context.Context) error) error {
	return c.await(ctx, what, func(ctx context.Context) (string, error) { return "", check(ctx) })
}

// await is the loop of both. The check returns a text of the state and an error while
// something is missing. An error that comes from the end of the context is left out: it
// would hide the last real one.
func (c *Cluster) await(ctx context.Context, what string, check func(context.Context) (string, error)) error {
	began, reported := time.Now(), time.Now()
	ticker := time.NewTicker(c.config.PollInterval)
	defer ticker.Stop()
	var seen string
	missing := errors.New("not checked yet")
	for {
		nowSeen, nowMissing := check(ctx)
		if nowMissing == nil {
			return nil
		}
		if ctx.Err() == nil {
			seen, missing = nowSeen, nowMissing
		}
		if time.Since(reported) > reportEvery {
			reported = time.Now()
			c.progress.Printf("  waiting for %s: %v", what, missing)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %.1f s for %s: %w: %w; %s",
				time.Since(began).Seconds(), what, context.Cause(ctx), missing, seen)
		case <-ticker.C:
		}
	}
}

// Settled is met when all nodes of the resource are online, one instance is promoted, all others
// are unpromoted, nothing is blocked, and the virtual IP, if there is one, is with
// the promoted instance.
func (c *Cluster) Settled() Condition {
	return c.SettledOn(c.InstanceNodes()...)
}

// SettledOn is [Cluster.Settled] of those nodes alone: the others run no instance.
func (c *Cluster) SettledOn(nodes ...string) Condition {
	return func(view View) error {
		promoted, unpromoted := view.In(Promoted), view.In(Unpromoted)
		running := slices.Sorted(slices.Values(slices.Concat(promoted, unpromoted)))
		wanted := slices.Sorted(slices.Values(nodes))
		switch {
		case view.DC == "":
			return errors.New("no coordinator")
		case !view.Quorum:
			return errors.New("no quorum")
		case len(promoted) != 1:
			return fmt.Errorf("%d promoted instances", len(promoted))
		case !slices.Equal(running, wanted):
			return fmt.Errorf("instances on %v, wanted on %v", running, wanted)
		case len(view.Instances) != len(nodes):
			return errors.New("an instance is in transition")
		case c.config.Order != WithoutVIP && view.VIPNode != promoted[0]:
			return fmt.Errorf("virtual IP on %q, promoted on %s", view.VIPNode, promoted[0])
		}
		return nil
	}
}

// PromotedOn is met when exactly that node's instance is promoted.
func PromotedOn(node string) Condition {
	return func(view View) error {
		if view.Promoted() != node {
			return fmt.Errorf("promoted: %v, wanted %s", view.In(Promoted), node)
		}
		return nil
	}
}

// PromotedElsewhere is met when exactly one instance is promoted, and it is not
// that node's.
func PromotedElsewhere(node string) Condition {
	return func(view View) error {
		if promoted := view.Promoted(); promoted == "" || promoted == node {
			return fmt.Errorf("promoted: %v, wanted one other than %s", view.In(Promoted), node)
		}
		return nil
	}
}

// AllStopped is met when no instance runs on any node.
func AllStopped() Condition {
	return func(view View) error {
		if len(view.Instances) > 0 {
			return fmt.Errorf("%d instances still run", len(view.Instances))
		}
		return nil
	}
}

// All is met when all conditions are.
func All(conditions ...Condition) Condition {
	return func(view View) error {
		for _, condition := range conditions {
			if err := condition(view); err != nil {
				return err
			}
		}
		return nil
	}
}
