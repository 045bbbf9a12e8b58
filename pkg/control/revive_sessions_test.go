package control_test

import (
	"io"
	"net"
	"sync/atomic"
	"testing"

	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
)

// From a promoted node whose server has died: a server that has just started ends the sessions of its first moments,
// as when it turns read-only. The restart in place goes on, and the role does not move.
func TestActiveIsRevivedThoughItsServerEndsTheFirstSessions(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	controltest.Kill(t, led.Units[0])
	var sessions atomic.Int32
	standBefore(t, &led.Units[0], func(client net.Conn, behind string) {
		if sessions.Add(1) > 4 {
			handThrough(client, behind, io.Discard)
		}
	})
	must(t, led.Revive(testContext(t), nb, nil, always))
	if s := status(t, led.Units[0]); s.Role != ovsdbctl.RoleActive {
		t.Errorf("the server is %s", s.Role)
	}
}
