package pacemaker

import (
	"context"
	"fmt"

	"ovndb-servers/pkg/process"
)

// ForgiveFailedPromotion removes the fail count of this node's promotions,
// which is a node attribute since Pacemaker 1.1.17.
func (r Resource) ForgiveFailedPromotion(ctx context.Context) error {
	for _, kind := range []string{"fail-count-", "last-failure-"} {
		if err := r.own(kind + r.Instance + "#promote_0").clear(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Fail reports to the cluster that the resource has failed on a node, like a monitor
// that found it so (crm_resource --fail). Pacemaker counts it as asyncmon_0 until failure-timeout or a
// clean-up: it is a failure, and migration-threshold is to see it.
func (r Resource) Fail(ctx context.Context, node string) error {
	if _, err := process.Run(ctx, crmResource, "--fail", "-r", r.Instance, "-N", node); err != nil {
		return fmt.Errorf("cannot report the failure of %s on node %s: %w", r.Instance, node, err)
	}
	return nil
}
