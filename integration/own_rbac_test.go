//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/pkg/pki/pkitest"
)

// From a cluster whose southbound database gives the clients of the virtual IP the role ovn-controller:
// through three promotions a chassis may write its own row, by its certificate, and no other. Nor may
// anybody write through a node's own address.
func TestRoleOfChassisIsEnforcedThroughThreePromotions(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownCluster(t, func(*cluster.Config) {})
	h := hand{Cluster: c, t: t, ctx: ctx}
	authority := pkitest.New(t, "the cluster's authority")
	for _, node := range c.NodeNames() {
		for _, name := range []string{"nb", "sb"} {
			h.installFiles(authority, node, name)
		}
		h.installChassis(authority, node)
	}
	h.check(c.Reconfigure(ctx, func(config *cluster.Config) {
		if config.Parameters == nil {
			config.Parameters = map[string]string{}
		}
		tlsParameters(config.Parameters)
		config.Parameters["sb_role"] = "ovn-controller"
		config.Parameters["manage_northd"] = "yes" // it writes the permissions of the role
	}))
	h.awaitHealthy()
	for promotion := range 3 {
		view, err := c.View(ctx)
		h.check(err)
		active := view.Promoted()
		client := h.without(active)[0]
		h.wantChassisWrites(client, promotion)
		h.check(c.Standby(ctx, active))
		h.check(c.Await(ctx, "another node to lead", c.SettledOn(h.without(active)...)))
		h.check(c.Unstandby(ctx, active))
		h.awaitHealthy()
	}
	view, err := c.View(ctx)
	h.check(err)
	h.wantChassisWrites(h.without(view.Promoted())[0], 3)
}

// installChassis puts the key and certificate of the chassis "chassis-NODE" on a node, as its client.
func (h hand) installChassis(authority *pkitest.Authority, node string) {
	h.t.Helper()
	content, files := authority.Sign(h.t, "chassis-"+node), tlsFiles("client")
	h.check(h.WriteFile(h.ctx, node, files.Certificate, 0o644, content.Certificate))
	h.check(h.WriteFile(h.ctx, node, files.PrivateKey, 0o600, content.PrivateKey))
}

// wantChassisWrites checks what the chassis of a node may write.
func (h hand) wantChassisWrites(node string, promotion int) {
	h.t.Helper()
	own, vip := "chassis-"+node, h.vipEndpoint("6642")
	h.awaitClient("the chassis to be added", node, "ovn-sbctl", "--no-leader-only", "--db="+vip,
		"--may-exist", "chassis-add", own, "geneve", h.addressOf(node))
	h.awaitClient("the chassis to be changed", node, "ovn-sbctl", "--no-leader-only", "--db="+vip,
		"set", "Chassis", own, fmt.Sprintf("external_ids:round=%d", promotion))
	h.wantProhibited(node, vip, "chassis-add", fmt.Sprintf("foreign-%d", promotion), "geneve", "192.0.2.2")
	h.wantProhibited(node, vip, "set", "SB_Global", ".", "options:x=y")
	view, err := h.View(h.ctx)
	h.check(err)
	h.wantProhibited(node, "ssl:"+h.addressOf(view.Promoted())+":6642", "set", "Chassis", own, "external_ids:by=node")
}

// wantProhibited checks that the client of a node may not write something.
func (h hand) wantProhibited(node, endpoint string, command ...string) {
	h.t.Helper()
	h.await("a refusal of "+strings.Join(command, " "), func(ctx context.Context) error {
		result, err := h.client(ctx, node, "ovn-sbctl", append([]string{"--no-leader-only", "--db=" + endpoint}, command...)...)
		switch {
		case err != nil:
			return err
		case result.Code == 0:
			return errors.New("it was written")
		case !strings.Contains(result.Stderr, "permission error"):
			return fmt.Errorf("it failed for another reason: %s", result)
		}
		return nil
	})
}
