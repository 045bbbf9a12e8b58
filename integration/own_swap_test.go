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
// when another node leads. No acknowledged row is lost.
func TestSwapOfTheShellAgentWithAFailoverInBetweenLosesNothing(t *testing.T) {
	skipIfShort(t)
	s := newShellTrial(t)
	active, others := s.promoted()
	s.takeOver(others[0])
	s.moveAway(active)
	s.awaitMore(20)
	for _, node := range []string{others[1], active} {
		s.takeOver(node)
	}
	awaitReplication(s.ctx, t, s.Cluster)
	s.end()
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
