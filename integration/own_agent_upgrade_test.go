//go:build integration

package integration_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// earlierBinary names the program of an earlier version of the agent, for the test of its upgrade.
const earlierBinary = "OVNDB_SERVERS_EARLIER_BIN"

// supervisors prints the supervisors of a node: how many there are, and how many of them run a
// program that has been replaced.
const supervisors = `all=0 old=0
for pid in $(pgrep -f '^[^ ]*ovndb-servers supervise'); do
	all=$((all + 1))
	case $(readlink "/proc/$pid/exe") in *deleted*) old=$((old + 1)) ;; esac
done
echo "$all running, $old of an earlier version"`

// awaitSupervisorOfThisVersion awaits that a monitor of the program that was installed last has replaced
// the supervisor, and that no earlier one is left.
func (s *trial) awaitSupervisorOfThisVersion(node string) {
	s.t.Helper()
	s.await("a supervisor of this version alone on "+node, func(ctx context.Context) error {
		text, err := s.MustExec(ctx, node, "bash", "-c", supervisors)
		if err == nil && strings.TrimSpace(text) != "1 running, 0 of an earlier version" {
			err = errors.New(strings.TrimSpace(text))
		}
		return err
	})
}

// From a cluster under an earlier version of this agent and writers: each node in turn gets the program of
// this version, the promoted one last. Role and servers stay as they are, and the role moves afterwards. No
// acknowledged row is lost.
func TestUpgradeOfTheAgentNodeByNodeLosesNothing(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	earlier := os.Getenv(earlierBinary)
	if earlier == "" {
		t.Skipf("no earlier version is given: name its commit, as in make integration EARLIER=8b1cecd, or its program with %s=PATH", earlierBinary)
	}
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Binary = earlier })
	s := trialOf(ctx, t, c)
	active, others := s.promoted()
	_, servers := s.whoLeads()
	for _, node := range append(others, active) {
		s.check(c.InstallAgent(ctx, node, suite.config.Binary))
		s.awaitSupervisorOfThisVersion(node)
		s.awaitMore(20)
	}
	awaitReplication(ctx, t, c)
	if now, _ := s.promoted(); now != active {
		t.Errorf("%s was promoted, and %s is", active, now)
	}
	if _, now := s.whoLeads(); !slices.Equal(now, servers) {
		t.Errorf("the servers were %v and are %v", servers, now)
	}
	s.moveAway(active)
	awaitReplication(ctx, t, c)
	s.end()
}
