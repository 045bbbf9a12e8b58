//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// northdPIDFile is where OVN's packages have it.
const northdPIDFile = "/run/ovn/ovn-northd.pid"

// Where the agent manages ovn-northd, it runs on the promoted node alone. If it is
// killed it comes back, and nothing else happens; it moves with the promotion.
func TestManagedNorthd(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := sharedCluster(t)
	h := hand{Cluster: c, t: t, ctx: ctx}
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			if err := c.SetParameter(ctx, cluster.Resource, "manage_northd", ""); err != nil {
				return err
			}
			return errors.Join(c.AwaitIdle(ctx), c.Await(ctx, "the cluster to settle", c.Settled()))
		})
	})
	h.check(c.SetParameter(ctx, cluster.Resource, "manage_northd", "yes")) // restarts the instances
	awaitRest(ctx, t, c)
	view, err := c.View(ctx)
	h.check(err)
	active := view.Promoted()
	h.awaitNorthd(active)
	h.awaitRound(active, 1)

	servers := h.serverPIDs(active)
	pid, err := c.Kill(ctx, active, northdPIDFile, syscall.SIGKILL)
	h.check(err)
	h.await("ovn-northd to be back", func(_ context.Context) error {
		if now := h.northdPIDs(active); len(now) == 0 || slices.Contains(now, pid) {
			return fmt.Errorf("ovn-northd on %s: %v, was %d", active, now, pid)
		}
		return nil
	})
	h.awaitRound(active, 2)
	h.await("status to be healthy", func(ctx context.Context) error {
		result, err := c.Exec(ctx, active, "ovndb-servers", "status")
		if err == nil && (result.Code != exitSuccess || !strings.Contains(result.Stdout, "ovn-northd: running")) {
			err = fmt.Errorf("status: %s", result)
		}
		return err
	})
	h.check(c.AwaitIdle(ctx))
	h.check(c.Await(ctx, "nothing to have moved", cluster.PromotedOn(active)))
	if now := h.serverPIDs(active); now != servers {
		t.Errorf("servers were %s and are %s", servers, now)
	}

	h.check(c.Standby(ctx, active))
	rest := slices.DeleteFunc(c.NodeNames(), func(name string) bool { return name == active })
	h.check(c.Await(ctx, "the role to move", c.SettledOn(rest...)))
	view, err = c.View(ctx)
	h.check(err)
	h.awaitNorthd(view.Promoted())
	h.awaitRound(view.Promoted(), 3)
	h.wantNothingLeft(active)
	h.check(c.Unstandby(ctx, active))
	awaitRest(ctx, t, c)
	view, err = c.View(ctx)
	h.check(err)
	h.awaitNorthd(view.Promoted())
}

// awaitNorthd awaits that one ovn-northd runs on a node and none on the others.
func (h hand) awaitNorthd(node string) {
	h.t.Helper()
	h.await("ovn-northd to run on "+node+" alone", func(context.Context) error {
		for _, name := range h.NodeNames() {
			if pids := h.northdPIDs(name); (len(pids) == 1) != (name == node) || len(pids) > 1 {
				return fmt.Errorf("ovn-northd on %s: %v", name, pids)
			}
		}
		return nil
	})
}

// northdPIDs returns the processes of ovn-northd on a node, without its monitor process.
func (h hand) northdPIDs(node string) []int {
	h.t.Helper()
	processes, err := h.Processes(h.ctx, node)
	h.check(err)
	var pids []int
	for _, process := range processes {
		if strings.Contains(process.Command, "ovn-northd --detach") && !strings.HasPrefix(process.State, "Z") {
			pids = append(pids, process.PID)
		}
	}
	return pids
}

// serverPIDs returns the processes of a node's servers.
func (h hand) serverPIDs(node string) string {
	h.t.Helper()
	var pids []string
	for _, db := range databases() {
		pids = append(pids, h.exec(node, "cat", db.PIDFile))
	}
	return strings.Join(pids, " ")
}

// awaitRound awaits that ovn-northd goes once from the northbound database to the
// southbound one.
func (h hand) awaitRound(node string, round int) {
	h.t.Helper()
	nb, sb := ovsdb.Northbound(), ovsdb.Southbound()
	update, err := json.Marshal([]any{nb.Name, map[string]any{
		"op": "update", "table": "NB_Global", "where": []any{}, "row": map[string]any{"nb_cfg": round},
	}})
	h.check(err)
	h.exec(node, "ovsdb-client", "--timeout=10", "transact", "unix:"+nb.Socket, string(update))
	question, err := json.Marshal([]any{sb.Name, map[string]any{
		"op": "select", "table": "SB_Global", "where": []any{}, "columns": []string{"nb_cfg"},
	}})
	h.check(err)
	h.await("a round of ovn-northd", func(ctx context.Context) error {
		text, err := h.MustExec(ctx, node, "ovsdb-client", "--timeout=10", "transact", "unix:"+sb.Socket, string(question))
		if err == nil && !strings.Contains(text, fmt.Sprintf(`"nb_cfg":%d`, round)) {
			err = fmt.Errorf("not yet %d: %s", round, text)
		}
		return err
	})
}
