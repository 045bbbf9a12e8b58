//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// From three nodes without an IPv4 address, and a virtual IP of IPv6, under writers: clients of OVN
// read and write, the promoted node loses its power, and they do so again. No acknowledged row is lost.
func TestSafetyIPv6AloneThroughTheLossOfTheActive(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newIPv6Trial(t)
	s.wantClients("before")
	s.losePower()
	s.wantClients("after")
	s.end()
}

// From the same cluster: master_ip is written in brackets, which restarts the resource, and the role
// moves. A node then starts beside another virtual IP, which is the newest of its addresses and leaves
// it later: the others replicate from the address that stays. No acknowledged row is lost.
func TestSafetyIPv6InBracketsAndBesideAnotherVirtualIP(t *testing.T) {
	skipIfShort(t)
	s := newIPv6Trial(t)
	s.check(s.SetParameter(s.ctx, cluster.Resource, "master_ip", "["+s.VIP().String()+"]"))
	s.check(s.AwaitIdle(s.ctx))
	s.awaitCluster("the resource to start with master_ip in brackets", s.Settled())
	s.switchOver()
	s.wantClients("in-brackets")
	s.startBesideAnotherVIP(s.Host(200))
	s.end()
}

// newIPv6Trial is a trial of a cluster whose nodes have no IPv4 address.
func newIPv6Trial(t *testing.T) *trial {
	t.Helper()
	needServers(t)
	if !cluster.IPv6() {
		t.Skip("this machine has no IPv6: /proc/sys/net/ipv6/conf/all/disable_ipv6 is not 0")
	}
	ctx, c := ownClusterWithin(t, 2*testTimeout, func(config *cluster.Config) { config.IPv6 = true })
	s := trialOf(ctx, t, c)
	for _, node := range c.NodeNames() {
		if text := s.exec(node, "ip", "-4", "-oneline", "address", "show", "scope", "global"); text != "" {
			t.Fatalf("%s has an IPv4 address: %s", node, text)
		}
	}
	return s
}

// losePower cuts the power of the promoted node, waits until writers go on elsewhere, and boots it.
func (s *trial) losePower() {
	s.t.Helper()
	active, rest := s.promoted()
	s.awaitMore(20)
	began := time.Now()
	s.isLost(active)
	s.check(s.PowerOff(s.ctx, active))
	s.awaitCluster("another node to lead", s.SettledOn(rest...))
	s.t.Logf("another node led %s after the loss of %s", time.Since(began).Round(10*time.Millisecond), active)
	s.awaitMore(20)
	s.check(s.PowerOn(s.ctx, active))
	s.awaitCluster("the node to come back", s.Settled())
}

// wantClients writes a row to each database by OVN's own clients on a backup, through the virtual IP,
// and reads it back.
func (s *trial) wantClients(name string) {
	s.t.Helper()
	_, others := s.promoted()
	at := func(db ovsdb.Database) string { return "--db=tcp:" + s.Endpoint(db) }
	nb, sb := at(ovsdb.Northbound()), at(ovsdb.Southbound())
	s.exec(others[0], "ovn-nbctl", "--timeout=10", nb, "ls-add", name)
	s.exec(others[0], "ovn-sbctl", "--timeout=10", sb, "chassis-add", name, "geneve", fmt.Sprintf("192.0.2.%d", len(name)))
	for _, client := range [][]string{{"ovn-nbctl", nb, "ls-list"}, {"ovn-sbctl", sb, "show"}} {
		if text := s.exec(others[1], slices.Insert(client, 1, "--timeout=10")...); !strings.Contains(text, name) {
			s.t.Errorf("%v shows no %s: %s", client, name, text)
		}
	}
}
