package control_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// transactOn executes a transaction in one of a node's databases.
func transactOn(t *testing.T, u control.Unit, operations string) {
	t.Helper()
	conn, err := net.Dial("unix", u.Server.DataSocket)
	must(t, err)
	defer conn.Close() //nolint:errcheck // nothing is sent any more
	_, err = fmt.Fprintf(conn, `{"id":1,"method":"transact","params":%s}`, operations)
	must(t, err)
	var reply json.RawMessage
	must(t, json.NewDecoder(conn).Decode(&reply))
	if strings.Contains(string(reply), `"error":"`) {
		t.Fatalf("%.300s", reply)
	}
}

// The agent's own row is kept at a demotion, and a client has made its listener read-only.
func TestListenerThatAClientHasMadeReadOnlyEndsNoPromotion(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led, next := trio.nodes[0], trio.nodes[1]
	transactOn(t, led.Units[1], `["OVN_Southbound",{"op":"update","table":"Connection","where":[],"row":{"read_only":true}}]`)
	must(t, led.Demote(testContext(t)))
	must(t, next.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, next, replication.HealthActive)
}
