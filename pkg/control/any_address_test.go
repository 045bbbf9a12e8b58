package control_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

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
