//go:build integration

package integration_test

import (
	"os"
	"testing"

	"ovndb-servers/integration/cluster"
)

// earlierBinary names the program of an earlier version of the agent, for the test of its upgrade.
const earlierBinary = "OVNDB_SERVERS_EARLIER_BIN"

// From a cluster under an earlier version of this agent and writers: each node in turn gets the program of
// this version, the promoted one last. The role stays, and moves afterwards. No acknowledged row is lost.
func TestUpgradeOfTheAgentNodeByNodeLosesNothing(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	earlier := os.Getenv(earlierBinary)
	if earlier == "" {
		t.Skipf("no earlier version is given: name its program with %s=PATH", earlierBinary)
	}
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Binary = earlier })
	s := trialOf(ctx, t, c)
	active, others := s.promoted()
	for _, node := range append(others, active) {
		s.check(c.InstallAgent(ctx, node, suite.config.Binary))
		s.awaitMore(20)
	}
	awaitReplication(ctx, t, c)
	if now, _ := s.promoted(); now != active {
		t.Errorf("%s was promoted, and %s is", active, now)
	}
	s.moveAway(active)
	awaitReplication(ctx, t, c)
	s.end()
}
