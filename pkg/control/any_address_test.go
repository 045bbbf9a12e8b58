package control_test

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// From a node that is to listen on any address, where another program listens on one that is neither the
// virtual one nor the node's own: it is not promoted, and its servers stay backups.
func TestPortTakenOnAnyAddressIsFoundBeforeAPromotion(t *testing.T) {
	t.Parallel()
	ports := controltest.FreePorts(t)
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", ports)
	node.Listening.MasterIPOnly = false
	must(t, node.Start(testContext(t)))
	var config net.ListenConfig
	other, err := config.Listen(testContext(t), "tcp", net.JoinHostPort("127.0.0.77", strconv.Itoa(int(ports[1]))))
	must(t, err)
	defer other.Close() //nolint:errcheck // it took no connection
	err = node.Promote(testContext(t), replication.Participants{})
	if err == nil || !strings.Contains(err.Error(), "0.0.0.0:"+strconv.Itoa(int(ports[1]))) {
		t.Errorf("error %v", err)
	}
	for _, u := range node.Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("%s is %s", u.Name(), s.Role)
		}
	}
}

// From a node without a virtual address, and one that follows it: both are reached by either family once
// they lead, and take no connection as backups. A row without an address is of IPv4 alone.
func TestPromotedNodeOnAnyAddressIsReachedByIPv4AndIPv6(t *testing.T) {
	t.Parallel()
	c := controltest.NewCluster()
	ports := [2][2]uint16{controltest.FreePorts(t), controltest.FreePorts(t)} // one machine is both nodes
	var nodes [2]*control.Controller
	for i, name := range []string{"node1", "node2"} {
		nodes[i] = controltest.NewNode(t, c, name, fmt.Sprintf("127.0.0.%d", i+1), ports[i])
		nodes[i].Listening.MasterIP, nodes[i].Listening.MasterIPOnly, nodes[i].Listening.DualStack = netip.Addr{}, false, true
		must(t, nodes[i].Start(testContext(t)))
	}
	reached := func(host string, port uint16) bool {
		var dialer net.Dialer
		conn, err := dialer.DialContext(testContext(t), "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	leads := func(led, backup int) {
		t.Helper()
		must(t, nodes[led].Promote(testContext(t), replication.Participants{}))
		wantHealth(t, nodes[led], replication.HealthActive)
		must(t, nodes[backup].Follow(testContext(t), nodes[led].Node))
		for i := range nodes[led].Units {
			for _, host := range []string{"127.0.0.1", "127.0.0.2", "::1"} {
				if !reached(host, ports[led][i]) || reached(host, ports[backup][i]) {
					t.Errorf("by %s, %s is to take connections, and %s none", host, nodes[led].Node, nodes[backup].Node)
				}
			}
			eventually(t, "the backup to replicate", func() bool { return status(t, nodes[backup].Units[i]).Link == ovsdbctl.LinkReplicating })
		}
	}
	leads(0, 1)
	port := controltest.FreePorts(t)[0]
	u := nodes[0].Units[0]
	transactOn(t, u, fmt.Sprintf(`[%q,{"op":"insert","table":"Connection","uuid-name":"c","row":{"target":"ptcp:%d"}},`+
		`{"op":"mutate","table":%q,"where":[],"mutations":[["connections","insert",["named-uuid","c"]]]}]`, u.Name(), port, u.Server.Database.GlobalTable))
	eventually(t, "the operator's listener", func() bool { return reached("127.0.0.1", port) })
	if reached("::1", port) {
		t.Error("a row without an address listens by IPv6 as well")
	}
	must(t, nodes[0].Demote(testContext(t)))
	must(t, nodes[1].ReceiveLast(testContext(t), []string{"node1"}))
	leads(1, 0)
}
