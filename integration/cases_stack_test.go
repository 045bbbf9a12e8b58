//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// Pacemaker is killed on the active's node. In maintenance its clients stay. Otherwise they are
// not served there a few seconds later, and each row that was acknowledged is on the other nodes,
// or in a snapshot of that one (D14).
func TestSafetyActiveWhosePacemakerIsKilledServesNoClients(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	s.step("in maintenance it serves on", (*trial).killPacemakerInMaintenance)
	active, rest := s.promoted()
	s.awaitMore(30)
	killed := time.Now()
	s.check(s.KillPacemaker(s.ctx, active))
	s.await("no client to be served on "+active, func(ctx context.Context) error { return s.servesNone(ctx, active) })
	if took := time.Since(killed); took > 10*time.Second { // 3 s on a machine that is not busy
		t.Errorf("clients were served for %s", took)
	} else {
		t.Logf("clients were served for %s", took.Round(100*time.Millisecond))
	}
	s.awaitLeaderWithin(lostActionTimeout, "another node to lead", s.SettledOn(rest...))
	s.check(s.StartPacemaker(s.ctx, active))
	s.awaitCluster("the node to come back", s.Settled())
	s.endKept(active)
}

// lostActionTimeout is for a cluster without fencing whose Pacemaker (seen with 3.0.0) has sent an
// action to a controller that has just gone: it waits for the action's timeout, and for
// cluster-delay, a minute, on top.
const lostActionTimeout = 3 * time.Minute

// killPacemakerInMaintenance kills Pacemaker on the active's node while the cluster is in
// maintenance, and starts it again once clients have been served for longer than they may be
// otherwise.
func (s *trial) killPacemakerInMaintenance() {
	s.t.Helper()
	active, _ := s.promoted()
	s.check(s.SetProperty(s.ctx, "maintenance-mode", "true"))
	s.await("the supervisor to know", func(ctx context.Context) error {
		_, err := s.MustExec(ctx, active, "grep", `"unmanaged":true`, cluster.RunDir+"/supervisor.json")
		return err
	})
	killed := time.Now()
	s.check(s.KillPacemaker(s.ctx, active))
	for _, writer := range s.writers {
		if _, err := writer.AwaitAck(s.ctx, killed.Add(5*time.Second)); err != nil {
			s.t.Error(err)
		}
		if gaps := writer.Interruptions(killed); len(gaps) > 0 {
			s.t.Errorf("%s: clients were interrupted: %v", writer.Database().Name, gaps)
		}
	}
	s.check(s.StartPacemaker(s.ctx, active))
	s.check(s.AwaitWhole(s.ctx))
	s.await("the promotion scores of all nodes", s.scored)
	s.check(s.AwaitIdle(s.ctx))
	s.check(s.SetProperty(s.ctx, "maintenance-mode", ""))
	awaitRest(s.ctx, s.t, s.Cluster)
	s.awaitCluster("nothing to have moved", cluster.PromotedOn(active))
}

// servesNone returns an error if a program on a node is served at the virtual IP, which the node
// still holds.
func (s *trial) servesNone(ctx context.Context, node string) error {
	for _, db := range databases() {
		at := net.JoinHostPort(s.VIP().String(), db.Port)
		result, err := s.Exec(ctx, node, "ovsdb-client", "--timeout=1", "list-dbs", "tcp:"+at)
		if err != nil {
			return err
		}
		if result.Code == 0 {
			return fmt.Errorf("%s is served", db.Name)
		}
	}
	return nil
}

// Pacemaker's controller is killed on the active's node, without fencing, and the CIB loses the
// node's attributes: its promotion score is there again soon, and each row that was acknowledged is
// on all nodes, or in a snapshot of that one (K14).
func TestSafetyControllerKilledOnTheActiveLosesNoScore(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, _ := s.promoted()
	s.awaitMore(30)
	killed := time.Now()
	s.killAgain(active, "pacemaker-controld")
	s.check(s.AwaitWhole(s.ctx))
	back := time.Now()
	s.await("the promotion scores of all nodes", s.scored)
	t.Logf("the node was back after %s, all scores after %s more", back.Sub(killed).Round(100*time.Millisecond), time.Since(back).Round(100*time.Millisecond))
	awaitRest(s.ctx, t, s.Cluster)
	s.check(s.scored(s.ctx))
	s.endKept(active)
}

// scored returns an error unless the CIB has a promotion score of each node.
func (s *trial) scored(ctx context.Context) error {
	view, err := s.View(ctx)
	if err != nil {
		return err
	}
	for _, node := range s.NodeNames() {
		if view.Attributes[node]["master-"+cluster.Resource] == "" {
			return errors.New("no promotion score of " + node)
		}
	}
	return nil
}
