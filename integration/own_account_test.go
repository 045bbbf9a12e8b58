//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// account is one that every Debian system has, and that owns nothing there.
const account = "daemon"

// The servers run as an account of their own, in directories that the agent has made for it. The
// active's machine dies: another node leads as that account, and the first one comes back as it.
func TestServersRunAsAnAccountOfTheirOwnThroughAFailover(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.Parameters = map[string]string{
			"ovn_user": account, "ovn_rundir": "/run/ovn-account", "ovn_dbdir": "/var/lib/ovn-account",
			"ovn_logdir": "/var/log/ovn-account", "manage_northd": "yes",
		}
	})
	h := hand{Cluster: c, t: t, ctx: ctx}
	h.wantAccount()
	view, err := c.View(ctx)
	h.check(err)
	lost := view.Promoted()
	writer := startWriter(ctx, t, c, ovsdb.Northbound())
	began := time.Now()
	h.check(c.PowerOff(ctx, lost))
	gap, err := writer.AwaitRecovery(ctx, began)
	h.check(err)
	h.check(c.PowerOn(ctx, lost))
	awaitRest(ctx, t, c)
	h.wantAccount()
	writer.Stop()
	names, err := c.Names(ctx, writer.Database())
	h.check(err)
	if missing := ovsdb.Missing(owed(writer, keepReplicated, began, gap), names); len(missing) > 0 {
		t.Errorf("%d rows are lost, as %s", len(missing), missing[0])
	}
}

// wantAccount awaits that each node runs both servers, and that no server or ovn-northd of any node
// runs as another account.
func (h hand) wantAccount() {
	h.t.Helper()
	for _, node := range h.NodeNames() {
		h.await("the servers of "+node+" to run as "+account, func(ctx context.Context) error {
			processes, err := h.Processes(ctx, node)
			if err != nil {
				return err
			}
			servers := 0
			for _, process := range processes {
				program, _, _ := strings.Cut(process.Command, " ")
				switch path.Base(program) {
				case "ovsdb-server", "ovn-northd":
					servers++
				default:
					continue
				}
				if process.User != account {
					return fmt.Errorf("%s runs %s", process.User, process.Command)
				}
			}
			if servers < len(databases()) {
				return fmt.Errorf("%d servers run: %v", servers, processes)
			}
			return nil
		})
	}
}
