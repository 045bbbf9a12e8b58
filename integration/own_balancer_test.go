//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

const (
	balancerConfig = "/etc/haproxy/ovn.cfg"
	balancerPID    = "/run/haproxy-ovn.pid"
)

// From a cluster without a virtual IP, whose clients come through haproxy on a node that stays a backup,
// as docs/load-balancers.md configures it, under writers: the role moves, and the node that then leads
// loses its power. The writers go on through haproxy each time, and no acknowledged row is lost.
func TestSafetyBehindALoadBalancer(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.Order = cluster.WithoutVIP
		config.Parameters = map[string]string{
			"listen_on_master_ip_only": "no", "nb_master_port": "1" + ovsdb.Northbound().Port, "sb_master_port": "1" + ovsdb.Southbound().Port,
		}
	})
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	_, others := s.promoted()
	balancer := others[0]
	s.startBalancer(balancer)
	for _, db := range databases() {
		s.addWriterAt(s.addressOf(balancer), db, "balanced-"+db.Name)
	}
	s.wantClientsAt(balancer, "before")

	s.check(s.MovePromoted(ctx, others[1]))
	s.awaitCluster("the role to move", cluster.All(s.Settled(), cluster.PromotedOn(others[1])))
	s.check(s.ClearMoves(ctx))
	s.awaitMore(20)
	s.wantClientsAt(balancer, "moved")

	s.losePower()
	s.wantClientsAt(balancer, "lost")
	s.end()
}

// startBalancer runs haproxy on a node, with the documented configuration for its own address.
func (s *trial) startBalancer(node string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "load-balancers.md"))
	s.check(err)
	_, rest, begun := strings.Cut(string(text), "```haproxy\n")
	config, _, ended := strings.Cut(rest, "```")
	if !begun || !ended {
		s.t.Fatal("the document has no configuration")
	}
	replaced := []string{"192.0.2.10:", s.addressOf(node) + ":"}
	for i, name := range s.NodeNames() {
		replaced = append(replaced, fmt.Sprintf("192.0.2.%d:", 11+i), s.addressOf(name)+":")
	}
	s.check(s.WriteFile(s.ctx, node, balancerConfig, 0o644, []byte(strings.NewReplacer(replaced...).Replace(config))))
	s.exec(node, "haproxy", "-D", "-p", balancerPID, "-f", balancerConfig)
}

// wantClientsAt writes a row to each database by OVN's own clients, through the balancer on a node.
func (s *trial) wantClientsAt(balancer, name string) {
	s.t.Helper()
	for _, client := range [][]string{
		{"ovn-nbctl", ovsdb.Northbound().Port, "ls-add", name}, {"ovn-sbctl", ovsdb.Southbound().Port, "chassis-add", name, "geneve", fmt.Sprintf("192.0.2.%d", len(name))},
	} {
		at := "--db=tcp:" + net.JoinHostPort(s.addressOf(balancer), client[1])
		s.await(client[0]+" through the balancer", func(ctx context.Context) error {
			result, err := s.Exec(ctx, balancer, append([]string{client[0], "--timeout=5", at, "--may-exist"}, client[2:]...)...)
			if err == nil && result.Code != 0 {
				err = errors.New(result.String())
			}
			return err
		})
	}
}
