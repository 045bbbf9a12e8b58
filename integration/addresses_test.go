//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// From a node that has another virtual IP of the cluster in the network of master_ip, from which the
// node's route sends its packets: its instance starts there and leads, and the others replicate from the
// address that stays, also when the virtual IP leaves (R5). No acknowledged row is lost.
func TestSafetyAnotherVirtualIPIsNotTheNodesOwnAddress(t *testing.T) {
	skipIfShort(t)
	s := newTrial(t)
	s.startBesideAnotherVIP(s.Host(200))
	s.end()
}

// otherVIP is a virtual IP that has nothing to do with the databases.
const otherVIP = "other_vip"

// startBesideAnotherVIP has a backup start while it holds another virtual IP, and lead. The others must
// replicate from the node's own address, and go on when the virtual IP leaves the node.
func (s *trial) startBesideAnotherVIP(address netip.Addr) {
	s.t.Helper()
	active, others := s.promoted()
	node := others[0]
	s.t.Cleanup(func() { s.undo(s.forgetOtherVIP) })
	s.create("constraints", fmt.Sprintf(`<rsc_location id="not-yet" rsc="%s" node="%s" score="-INFINITY"/>`, cluster.Clone, node))
	s.awaitCluster("the backup to stop", s.SettledOn(s.without(node)...))
	s.addVIP(otherVIP, node, address)
	s.sendFrom(node, address)
	s.check(s.remove(s.ctx, `<rsc_location id="not-yet"/>`))
	s.awaitCluster("the backup to start beside "+address.String(), s.Settled())

	s.check(s.MovePromoted(s.ctx, node))
	s.awaitCluster("the node with two virtual IPs to lead", cluster.All(s.Settled(), cluster.PromotedOn(node)))
	s.check(s.ClearMoves(s.ctx))
	s.wantReplicationFrom(s.addressOf(node), active, others[1])
	s.sendFrom(node, netip.MustParseAddr(s.addressOf(node)))
	s.check(s.forgetOtherVIP(s.ctx))
	s.await("the other virtual IP to leave", func(ctx context.Context) error { return s.hasNot(ctx, node, address) })
	s.awaitMore(20)
	s.wantReplicationFrom(s.addressOf(node), active, others[1])
}

// forgetOtherVIP takes the other virtual IP and its constraints out of the configuration, as far as they
// are there.
func (h hand) forgetOtherVIP(ctx context.Context) error {
	return errors.Join(h.remove(ctx, `<rsc_location id="not-yet"/>`), h.remove(ctx, `<rsc_location id="`+otherVIP+`-at"/>`),
		h.remove(ctx, `<primitive id="`+otherVIP+`"/>`))
}

// remove takes an element out of the cluster's configuration. It is no error if it is not there.
func (h hand) remove(ctx context.Context, element string) error {
	_, err := h.Control(ctx, "cibadmin", "--delete", "--xml-text", element)
	return err
}

// addVIP adds a virtual IP in the nodes' network, and waits until a node has it.
func (s *trial) addVIP(name, node string, address netip.Addr) {
	s.t.Helper()
	bits := 24
	if address.Is6() {
		bits = 64
	}
	s.create("resources", fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="heartbeat" type="IPaddr2">
		<instance_attributes id="%[1]s-parameters"><nvpair id="%[1]s-ip" name="ip" value="%[2]s"/>
		<nvpair id="%[1]s-bits" name="cidr_netmask" value="%[3]d"/></instance_attributes></primitive>`, name, address, bits))
	s.create("constraints", fmt.Sprintf(`<rsc_location id="%[1]s-at" rsc="%[1]s" node="%[2]s" score="INFINITY"/>`, name, node))
	s.await(node+" to have "+address.String(), func(ctx context.Context) error {
		if s.hasNot(ctx, node, address) == nil {
			return errors.New("it has not")
		}
		return nil
	})
}

// hasNot returns an error while a node has an address.
func (h hand) hasNot(ctx context.Context, node string, address netip.Addr) error {
	text, err := h.MustExec(ctx, node, "ip", "-oneline", "address", "show", "to", address.String())
	if err == nil && text != "" {
		err = errors.New(text)
	}
	return err
}

// sendFrom gives the packets of a node to its network that source, as IPsrcaddr does for IPv4. Of IPv6
// the kernel chooses the newest address by itself.
func (h hand) sendFrom(node string, source netip.Addr) {
	h.t.Helper()
	if source.Is4() {
		network, err := source.Prefix(24)
		h.check(err)
		h.exec(node, "ip", "route", "replace", network.String(), "dev", "eth0", "proto", "kernel", "scope", "link", "src", source.String())
	}
}

// wantReplicationFrom awaits that backups replicate both databases from an address.
func (h hand) wantReplicationFrom(address string, backups ...string) {
	h.t.Helper()
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	for _, node := range backups {
		for _, db := range databases() {
			want := "tcp:" + address + ":" + db.Port
			h.await(node+" to replicate from "+want, func(ctx context.Context) error { return h.replicatesFrom(ctx, node, db, want) })
		}
	}
}

func (h hand) replicatesFrom(ctx context.Context, node string, db ovsdb.Database, want string) error {
	text, err := h.MustExec(ctx, node, "ovs-appctl", "--timeout=5", "--target="+db.Control, "ovsdb-server/sync-status")
	if err == nil && (!strings.Contains(text, "replicating: "+want) || !strings.Contains(text, "state: backup")) {
		err = errors.New(text)
	}
	return err
}

// create adds elements to a section of the cluster's configuration.
func (h hand) create(section, elements string) {
	h.t.Helper()
	_, err := h.Control(h.ctx, "cibadmin", "--create", "--scope", section, "--xml-text", elements)
	h.check(err)
}

// outside is a virtual IP that is in no network of the nodes.
const outside = "198.51.100.77/32"

// From nodes of which one has the virtual IP when the resource starts, an address in no network of
// theirs: that node starts and leads, and after it another one. Clients write through the virtual IP to
// each of them, and the backups replicate from the nodes' own addresses (R6).
func TestVirtualIPOutsideTheNodesNetworks(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.VIP = netip.MustParsePrefix(outside)
		config.Order = cluster.VIPThenPromote
	})
	h := hand{Cluster: c, t: t, ctx: ctx}
	for _, node := range c.NodeNames() {
		h.exec(node, "ip", "route", "replace", outside, "dev", "eth0")
	}
	h.check(c.StopResource(ctx))
	first := c.NodeNames()[1]
	h.exec(first, "ip", "address", "add", outside, "dev", "eth0")
	h.check(c.MovePromoted(ctx, first))
	h.check(c.StartResource(ctx))
	h.check(c.Await(ctx, "the node with the virtual IP to lead", cluster.All(c.Settled(), cluster.PromotedOn(first))))
	h.check(c.ClearMoves(ctx))
	h.wantReplicationFrom(h.addressOf(first), h.without(first)...)
	h.writeFrom(h.without(first)[0], "first")

	h.check(c.Standby(ctx, first))
	h.check(c.Await(ctx, "another node to lead", c.SettledOn(h.without(first)...)))
	h.writeFrom(h.without(first)[0], "second")
	h.check(c.Unstandby(ctx, first))
	h.check(c.Await(ctx, "the node to come back", c.Settled()))
	view, err := c.View(ctx)
	h.check(err)
	h.wantReplicationFrom(h.addressOf(view.Promoted()), h.without(view.Promoted())...)
	awaitRows(ctx, t, c, ovsdb.Northbound(), []string{"first", "second"})
}

// writeFrom writes a row by ovn-nbctl on a node, through the virtual IP.
func (h hand) writeFrom(node, name string) {
	h.t.Helper()
	at := "--db=tcp:" + h.Endpoint(ovsdb.Northbound())
	h.await("a row through the virtual IP", func(ctx context.Context) error {
		_, err := h.MustExec(ctx, node, "ovn-nbctl", "--timeout=5", at, "--may-exist", "ls-add", name)
		return err
	})
}
