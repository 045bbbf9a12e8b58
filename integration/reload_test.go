//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// A changed probe interval reaches the rows of the promoted node, and no server is restarted. A wrong one
// changes nothing, and the monitors report it until it is corrected.
func TestReloadAgentChangesAParameterWithoutARestart(t *testing.T) {
	needServers(t)
	ctx, c := sharedCluster(t)
	h := hand{Cluster: c, t: t, ctx: ctx}
	const parameter = "inactive_probe_interval"
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			if err := c.SetParameter(ctx, cluster.Resource, parameter, ""); err != nil {
				return err
			}
			return errors.Join(c.AwaitIdle(ctx), c.Await(ctx, "the cluster to settle", c.Settled()))
		})
	})
	awaitRest(ctx, t, c)
	view, err := c.View(ctx)
	h.check(err)
	active := view.Promoted()
	servers := map[string]string{}
	for _, node := range c.NodeNames() {
		servers[node] = fmt.Sprint(h.serverPIDs(node))
	}

	probe := func(ctx context.Context, want string) error {
		result, err := c.Exec(ctx, active, "ovn-nbctl", "--bare", "--columns=inactivity_probe", "find", "Connection", "external_ids:ovndb-servers=clients")
		if err == nil && strings.TrimSpace(result.Stdout) != want {
			err = fmt.Errorf("the probe interval is %s, want %s", result, want)
		}
		return err
	}
	h.check(c.SetParameter(ctx, cluster.Resource, parameter, "7000"))
	h.await("the new probe interval", func(ctx context.Context) error { return probe(ctx, "7000") })
	h.check(c.AwaitIdle(ctx))

	h.check(c.SetParameter(ctx, cluster.Resource, parameter, "never"))
	h.await("a monitor to report the wrong value", func(ctx context.Context) error {
		result, err := c.Exec(ctx, active, "crm_mon", "-1rf")
		if err == nil && !strings.Contains(result.Stdout, parameter) {
			err = fmt.Errorf("crm_mon names no parameter: %s", result)
		}
		return err
	})
	h.check(probe(ctx, "7000"))
	h.check(c.Await(ctx, "nothing to have moved", cluster.PromotedOn(active)))

	h.check(c.SetParameter(ctx, cluster.Resource, parameter, "8000"))
	h.await("the corrected probe interval", func(ctx context.Context) error { return probe(ctx, "8000") })
	h.check(c.AwaitIdle(ctx))
	h.check(c.Await(ctx, "nothing to have moved", cluster.PromotedOn(active)))
	for _, node := range c.NodeNames() {
		if now := fmt.Sprint(h.serverPIDs(node)); now != servers[node] {
			t.Errorf("the servers of %s were %s and are %s", node, servers[node], now)
		}
	}
}
