package control_test

import (
	"context"
	"errors"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
)

// endsWithLaunch is a cluster whose term ends while a server of this node reads its file.
type endsWithLaunch struct {
	control.Cluster

	unit control.Unit
}

func (e endsWithLaunch) Record(ctx context.Context) (string, error) {
	if pid, err := e.unit.Running(); err != nil || pid == 0 {
		return e.Cluster.Record(ctx)
	}
	return "2 later node2", nil
}

// The server of a node that leads has died and reads its file, which takes long. The node was cut off from the
// cluster, and comes back meanwhile. Outcome: no client can write to it any more.
func TestServerIsNotMadeActiveAgainAfterATermThatEndsWhileItReadsItsFile(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	led.Cluster = endsWithLaunch{led.Cluster, led.Units[0]}
	controltest.Kill(t, led.Units[0])
	if err := led.Revive(testContext(t), nb, nil, always); !errors.Is(err, control.ErrTermOver) {
		t.Errorf("the restart in place ends with %v, want %v", err, control.ErrTermOver)
	}
	if s := status(t, led.Units[0]); s.Role != ovsdbctl.RoleBackup {
		t.Errorf("the server is %s", s.Role)
	}
}

// The server of a node that leads has died, and is restarted in place. The node stood still, or its cluster stack is
// gone, so that its listeners are closed. Outcome: they stay closed until it is certain that it leads.
func TestRestartInPlaceOpensNoListenersOfANodeThatMayNotLeadAnyMore(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]bool{"before": {false}, "while they are opened": {true, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			led := newLedTrio(t).nodes[0]
			controltest.Kill(t, led.Units[0])
			must(t, led.Revive(testContext(t), nb, nil, func() bool {
				answer := answers[0]
				answers = answers[1:]
				return answer
			}))
			if s := status(t, led.Units[0]); s.Role != ovsdbctl.RoleActive {
				t.Errorf("the server is %s", s.Role)
			}
			if open, err := led.Units[0].Server.ConnectionsOpen(testContext(t)); open || err != nil {
				t.Errorf("the listeners are open: %v, %v", open, err)
			}
		})
	}
}
