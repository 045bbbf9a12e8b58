package cluster

import (
	"context"
	"fmt"
)

// exitNoSuchObject is CRM_EX_NOSUCH of Pacemaker's tools.
const exitNoSuchObject = 105

// Standby makes a node run no resources.
func (c *Cluster) Standby(ctx context.Context, node string) error {
	_, err := c.Control(ctx, "crm_attribute", "--node", node, "--name", "standby", "--update", "on", "--lifetime", "forever")
	return err
}

// Unstandby lets a node run resources again.
func (c *Cluster) Unstandby(ctx context.Context, node string) error {
	_, err := c.Control(ctx, "crm_attribute", "--node", node, "--name", "standby", "--delete", "--lifetime", "forever")
	return err
}

// StopResource has the whole clone stopped, and waits for it.
func (c *Cluster) StopResource(ctx context.Context) error {
	if err := c.SetMeta(ctx, Clone, "target-role", "Stopped"); err != nil {
		return err
	}
	return c.Await(ctx, "all instances to stop", AllStopped())
}

// StartResource has the clone started again. It does not wait.
func (c *Cluster) StartResource(ctx context.Context) error {
	return c.SetMeta(ctx, Clone, "target-role", "")
}

// Cleanup makes Pacemaker forget the failures of a resource, on all nodes.
func (c *Cluster) Cleanup(ctx context.Context, resource string) error {
	_, err := c.Control(ctx, "crm_resource", "--cleanup", "--resource", resource)
	return err
}

// CleanupOn is Cleanup on one node alone.
func (c *Cluster) CleanupOn(ctx context.Context, resource, node string) error {
	_, err := c.Control(ctx, "crm_resource", "--cleanup", "--resource", resource, "--node", node)
	return err
}

// ReportFailure tells Pacemaker that the resource has failed on a node, though it has not.
func (c *Cluster) ReportFailure(ctx context.Context, node string) error {
	_, err := c.Control(ctx, "crm_resource", "--fail", "--resource", Resource, "--node", node)
	return err
}

// SetMeta sets a meta-attribute of a resource; an empty value removes it.
func (c *Cluster) SetMeta(ctx context.Context, resource, name, value string) error {
	return c.setResource(ctx, resource, "--meta", name, value)
}

// SetParameter sets a parameter of a resource; an empty value removes it.
func (c *Cluster) SetParameter(ctx context.Context, resource, name, value string) error {
	return c.setResource(ctx, resource, "", name, value)
}

// setResource sets or removes a parameter or meta-attribute. It is no error to remove one
// that is not set.
func (c *Cluster) setResource(ctx context.Context, resource, kind, name, value string) error {
	args := []string{"crm_resource", "--resource", resource}
	if kind != "" {
		args = append(args, kind)
	}
	if value == "" {
		args = append(args, "--delete-parameter", name)
	} else {
		args = append(args, "--set-parameter", name, "--parameter-value", value)
	}
	view, err := c.View(ctx)
	if err != nil {
		return err
	}
	result, err := c.Exec(ctx, view.From, args...)
	if err != nil {
		return err
	}
	if result.Code != 0 && (value != "" || result.Code != exitNoSuchObject) {
		return fmt.Errorf("cannot set %s of %s to %q on %s: %s", name, resource, value, view.From, result)
	}
	return nil
}

// SetProperty sets a property of the cluster; an empty value removes it.
func (c *Cluster) SetProperty(ctx context.Context, name, value string) error {
	args := []string{"crm_attribute", "--type", "crm_config", "--name", name}
	if value == "" {
		args = append(args, "--delete")
	} else {
		args = append(args, "--update", value)
	}
	_, err := c.Control(ctx, args...)
	return err
}

// MovePromoted asks for the promoted role on a node, by a constraint that stays
// until [Cluster.ClearMoves].
func (c *Cluster) MovePromoted(ctx context.Context, node string) error {
	_, err := c.Control(ctx, "crm_resource", "--resource", Clone, "--move", "--node", node, c.config.Suite.promotedOption())
	return err
}

// ClearMoves removes the constraints of [Cluster.MovePromoted].
func (c *Cluster) ClearMoves(ctx context.Context) error {
	_, err := c.Control(ctx, "crm_resource", "--resource", Clone, "--clear")
	return err
}
