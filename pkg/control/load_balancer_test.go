package control_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// documentedBalancer returns the configuration of docs/load-balancers.md with the addresses and ports of
// a test in place of those there.
func documentedBalancer(t *testing.T, frontend, backends [2]uint16) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "load-balancers.md"))
	must(t, err)
	_, rest, begun := strings.Cut(string(text), "```haproxy\n")
	config, _, ended := strings.Cut(rest, "```")
	if !begun || !ended {
		t.Fatal("the document has no configuration")
	}
	var replaced []string
	for i, port := range []string{"6641", "6642"} {
		replaced = append(replaced, "192.0.2.10:"+port, fmt.Sprintf("127.0.0.9:%d", frontend[i]))
		for node := range 3 {
			replaced = append(replaced, fmt.Sprintf("192.0.2.%d:1%s", 11+node, port), fmt.Sprintf("127.0.0.%d:%d", node+1, backends[i]))
		}
	}
	for i := 0; i < len(replaced); i += 2 {
		if strings.Count(config, replaced[i]) != 1 {
			t.Fatalf("the documented configuration does not name %s once", replaced[i])
		}
	}
	return strings.NewReplacer(replaced...).Replace(config)
}

// startBalancer runs haproxy until the test ends.
func startBalancer(t *testing.T, config string) {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed: the load balancer of docs/load-balancers.md is not tested")
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	must(t, os.WriteFile(path, []byte(config), 0o644))
	balancer := exec.CommandContext(t.Context(), program, "-db", "-f", path)
	balancer.Stdout, balancer.Stderr = t.Output(), t.Output()
	must(t, balancer.Start())
	t.Cleanup(func() { _ = balancer.Wait() }) // the test's context, which ends before, kills it
}

// The nodes listen on their own addresses, as one machine is all of them. Behind the balancer clients
// find the node that leads, lose their sessions when it does not any more, and find the next one.
func TestClientsBehindALoadBalancerFollowTheRole(t *testing.T) {
	t.Parallel()
	frontend, backends := controltest.FreePorts(t), controltest.FreePorts(t)
	config := documentedBalancer(t, frontend, backends)
	three := trio{Cluster: controltest.NewCluster()}
	for i := range three.nodes {
		node := controltest.NewNode(t, three.Cluster, fmt.Sprintf("node%d", i+1), fmt.Sprintf("127.0.0.%d", i+1), backends)
		node.Listening.MasterIP = node.Listening.NodeAddress
		node.Holds = func(a netip.Addr) bool { return a == node.Listening.NodeAddress }
		must(t, node.Start(testContext(t)))
		three.nodes[i] = node
	}
	three.promote(t, 0)
	startBalancer(t, config)
	wantReached := func(led *control.Controller) {
		t.Helper()
		for i, u := range led.Units {
			eventually(t, "clients to reach "+u.Name()+" of "+led.Node, func() bool {
				return ovsdbctl.Reach(testContext(t), fmt.Sprintf("tcp:127.0.0.9:%d", frontend[i])) == nil
			})
		}
		name := "behind " + led.Node
		eventually(t, "a client to write through the balancer", func() bool {
			out, err := exec.CommandContext(testContext(t), "ovsdb-client", "--timeout=5", "transact", fmt.Sprintf("tcp:127.0.0.9:%d", frontend[0]),
				fmt.Sprintf(`["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":%q}}]`, name)).CombinedOutput()
			if err != nil {
				t.Logf("ovsdb-client: %v: %s", err, out)
			}
			return err == nil && strings.Contains(string(out), "uuid")
		})
		if found := strings.Join(rows(t, led), ","); !strings.Contains(found, name) {
			t.Errorf("the row is not on %s, which has %s", led.Node, found)
		}
	}
	wantReached(three.nodes[0])
	session, err := net.Dial("tcp", fmt.Sprintf("127.0.0.9:%d", frontend[0]))
	must(t, err)
	defer session.Close() //nolint:errcheck // it has ended
	three.switchOver(t, 0, 1)
	must(t, session.SetReadDeadline(time.Now().Add(20*time.Second)))
	if _, err := io.Copy(io.Discard, session); err != nil {
		t.Errorf("a session to the node that led has not ended: %v", err)
	}
	wantReached(three.nodes[1])
	wantHealth(t, three.nodes[1], replication.HealthActive)
}
