package control_test

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

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
