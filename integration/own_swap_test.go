//go:build integration

package integration_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
)

// From a cluster under the shell agent and writers: this agent takes its place on one node after another,
// the promoted one last or first. No server is restarted and the role stays; afterwards the role moves.
// No acknowledged row is lost.
func TestSwapOfTheShellAgentNodeByNodeRestartsNothingAndLosesNothing(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	for _, tt := range []struct {
		name  string
		long  bool
		order func(active string, others []string) []string
	}{
		{"promoted node last", false, func(active string, others []string) []string { return append(others, active) }},
		{"promoted node first", true, func(active string, others []string) []string { return append([]string{active}, others...) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.long {
				skipIfShort(t)
			}
			s := newShellTrial(t)
			active, others := s.promoted()
			before := s.servers()
			for _, node := range tt.order(active, others) {
				s.takeOver(node)
			}
			awaitReplication(s.ctx, t, s.Cluster)
			if after := s.servers(); !slices.Equal(after, before) {
				t.Errorf("the servers were %v and are %v", before, after)
			}
			if now, _ := s.promoted(); now != active {
				t.Errorf("%s was promoted, and %s is", active, now)
			}
			s.moveAway(active)
			s.end()
		})
	}
}

// From a cluster of which one backup has this agent already: the promoted node leaves, and the swap goes on
// when another node leads. No acknowledged row is lost. The clients pause while it leaves: the shell agent waits
// for no last row when it demotes, and its node copies the new leader's data over it.
func TestSwapOfTheShellAgentWithAFailoverInBetweenLosesNothing(t *testing.T) {
	skipIfShort(t)
	s := newShellTrial(t)
	active, others := s.promoted()
	s.takeOver(others[0])
	before := s.writers
	for _, writer := range before {
		writer.Stop()
	}
	for _, node := range others {
		s.awaitRowsOn(node)
	}
	s.writers = nil
	s.moveAway(active)
	for _, db := range databases() {
		s.addWriter(db)
	}
	s.awaitMore(20)
	for _, node := range []string{others[1], active} {
		s.takeOver(node)
	}
	awaitReplication(s.ctx, t, s.Cluster)
	s.end()
	s.writers = before
	s.wantRows(s.NodeNames()...)
}

// From a cluster under the shell agent: a node that starts with this agent follows the one that the shell agent
// has promoted. The role is moved to it, which begins the first term, and the backup that still has the shell agent
// follows. Then the swap goes on. Each acknowledged row is on all nodes, or in a snapshot of the node that was
// demoted: the shell agent does not wait for its last rows.
func TestSwapOfTheShellAgentWithTheRoleMovedToThisAgentKeepsAllRows(t *testing.T) {
	skipIfShort(t)
	s := newShellTrial(t)
	active, others := s.promoted()
	ours, shell := others[0], others[1]
	s.check(s.Standby(s.ctx, ours))
	s.awaitCluster("the node to leave", s.SettledOn(s.without(ours)...))
	s.check(s.UseOVNAgent(s.ctx, ours))
	s.check(s.Unstandby(s.ctx, ours))
	s.awaitCluster("the node to come back", s.Settled())
	s.awaitRowsOn(ours)
	s.moveTo(ours)
	if term := s.term(ours); term != 1 {
		t.Errorf("%s leads in term %d, want the first", ours, term)
	}
	s.awaitRowsOn(shell)
	for _, node := range []string{shell, active} {
		s.takeOver(node)
	}
	awaitReplication(s.ctx, t, s.Cluster)
	if now, _ := s.promoted(); now != ours {
		t.Errorf("%s was promoted, and %s is", ours, now)
	}
	s.endKept(active)
}

// moveTo has the role moved to a node.
func (s *trial) moveTo(node string) {
	s.t.Helper()
	s.check(s.MovePromoted(s.ctx, node))
	s.awaitCluster(node+" to lead", cluster.All(s.Settled(), cluster.PromotedOn(node)))
	s.awaitMore(20)
	s.check(s.ClearMoves(s.ctx))
	s.awaitCluster("the role to stay", cluster.All(s.Settled(), cluster.PromotedOn(node)))
}

// awaitRowsOn waits until a node has the rows that were acknowledged last.
func (s *trial) awaitRowsOn(node string) {
	s.t.Helper()
	for _, writer := range s.writers {
		acks := writer.AckedNames()
		last := acks[len(acks)-1]
		s.await("the last row on "+node, func(ctx context.Context) error {
			present, err := s.NamesOn(ctx, node, writer.Database())
			if err == nil && !slices.Contains(present, last) {
				err = errors.New("it has not got " + last)
			}
			return err
		})
	}
}

// newShellTrial is a trial of the shell agent, which has run the resource from its beginning.
func newShellTrial(t *testing.T) *trial {
	t.Helper()
	needServers(t)
	ctx, c := ownCluster(t, func(*cluster.Config) {})
	h := hand{Cluster: c, t: t, ctx: ctx}
	_, err := c.InstallShellAgent(ctx)
	h.check(err)
	h.check(c.StopResource(ctx))
	for _, node := range c.NodeNames() {
		h.check(c.UseShellAgent(ctx, node))
	}
	h.check(c.Reconfigure(ctx, func(*cluster.Config) {}))
	return trialOf(ctx, t, c)
}

// takeOver puts the agent in the shell agent's place on a node, and waits until it runs there.
func (s *trial) takeOver(node string) {
	s.t.Helper()
	s.check(s.UseOVNAgent(s.ctx, node))
	s.await("a supervisor on "+node, func(ctx context.Context) error {
		result, err := s.Exec(ctx, node, "test", "-s", supervisorPIDFile)
		if err == nil && result.Code != 0 {
			err = errors.New("there is no pidfile")
		}
		return err
	})
	s.awaitMore(20)
}

// moveAway has the promoted node leave, waits until another one leads, and has it come back.
func (s *trial) moveAway(active string) {
	s.t.Helper()
	s.check(s.Standby(s.ctx, active))
	s.awaitCluster("another node to lead", s.SettledOn(s.without(active)...))
	s.awaitMore(20)
	s.check(s.Unstandby(s.ctx, active))
	s.awaitCluster("the node to come back", s.Settled())
}

// servers returns the processes of all nodes' servers.
func (s *trial) servers() []string {
	s.t.Helper()
	var all []string
	for _, node := range s.NodeNames() {
		all = append(all, node+": "+s.serverPIDs(node))
	}
	return all
}
