//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// The clock of one node is an hour ahead: whichever node leads, and whichever is lost,
// no acknowledged row is.
func TestSafetyClockAnHourAhead(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	const ahead = "node2"
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Clocks = map[string]time.Duration{ahead: time.Hour} })
	s := trialOf(ctx, t, c)
	s.wantClocks(ahead, time.Hour)
	for range 2 {
		s.switchOver()
	}
	if active, _ := s.promoted(); active != ahead {
		s.check(s.MovePromoted(ctx, ahead))
	}
	s.awaitCluster("the node to be promoted whose clock is ahead", cluster.All(s.Settled(), cluster.PromotedOn(ahead)))
	s.check(s.ClearMoves(ctx))
	s.freezeAndThaw() // that node
	s.freezeAndThaw() // another one
	s.end()
}

// wantClocks checks how far a node's clock is ahead of all others, to some seconds.
func (s *trial) wantClocks(node string, ahead time.Duration) {
	s.t.Helper()
	for _, name := range s.NodeNames() {
		var now int64
		result, err := s.MustExec(s.ctx, name, "date", "+%s")
		if err == nil {
			_, err = fmt.Sscan(result, &now)
		}
		s.check(err)
		off := time.Until(time.Unix(now, 0))
		if name == node {
			off -= ahead
		}
		if off.Abs() > time.Minute {
			s.t.Fatalf("the clock of %s is off by %s", name, off)
		}
	}
}
