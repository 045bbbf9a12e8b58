//go:build integration

package integration_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// faultFile names the point at which an agent that is built for it kills itself.
const faultFile = "/var/run/ovndb-servers.fault"

// crashTimeout bounds the switchovers of all fault points together.
const crashTimeout = 15 * time.Minute

// The agent is killed, or crashes, at steps of a promotion, of a demotion, and of the actions that
// these cause on the other nodes: the cluster recovers by itself, bans no node, and no row is lost.
func TestSafetyAgentKilled(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	_, c := sharedCluster(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), crashTimeout, errors.New("the switchovers take too long"))
	defer cancel()
	s := trialOf(ctx, t, c)
	s.installFaulty()
	for _, point := range crashPoints() {
		if !s.step(point, func(s *trial) { s.switchOverKilling(point) }) {
			return
		}
	}
	s.end()
}

// crashPoints are those at which an agent that is built for it kills itself, or crashes. The short run has
// those after which another action finds the most to put right.
func crashPoints() []string {
	if testing.Short() {
		return []string{"demote-read-only", "demote-published", "promote-elected crash", "promote-marked", "promote-recorded", "follow-parked"}
	}
	return []string{
		"demote-locked", "demote-dismissed", "demote-read-only", "demote-published",
		"promote-elected", "promote-noted", "promote-active-OVN_Northbound", "promote-active-OVN_Southbound",
		"promote-marked", "promote-recorded", "promote-open", "promote-elected crash", "demote-read-only crash",
		"follow-parked", "follow-admitted",
	}
}

// switchOverKilling puts the promoted node into standby while agents are to be
// killed: on that node if it is a step of the demotion, else on the first of the
// other nodes that gets there.
func (s *trial) switchOverKilling(point string) {
	s.t.Helper()
	active, rest := s.promoted()
	where := rest
	if strings.HasPrefix(point, "demote-") {
		where = []string{active}
	}
	s.t.Cleanup(func() { s.undo(s.disarm) })
	for _, node := range where {
		s.check(s.WriteFile(s.ctx, node, faultFile, 0o644, []byte(point)))
	}
	s.check(s.Standby(s.ctx, active))
	s.await("an agent to be killed at "+point, func(ctx context.Context) error { return s.fired(ctx, where) })
	s.check(s.disarm(s.ctx))
	s.awaitCluster("the role to move", s.SettledOn(rest...))
	s.awaitMore(30)
	s.check(s.Unstandby(s.ctx, active))
	s.awaitCluster("the node to come back", s.Settled())
	s.wantRows(s.NodeNames()...)
}

// fired returns an error unless the agent of one of those nodes was killed at its point.
func (s *trial) fired(ctx context.Context, nodes []string) error {
	for _, node := range nodes {
		result, err := s.Exec(ctx, node, "test", "-e", faultFile)
		if err != nil || result.Code != 0 {
			return err
		}
	}
	return errors.New("no agent has come there")
}

// disarm removes the files that arm the points, on all nodes.
func (s *trial) disarm(ctx context.Context) error { return s.disarmOn(ctx, s.NodeNames()) }

func (s *trial) disarmOn(ctx context.Context, nodes []string) error {
	var failures []error
	for _, node := range nodes {
		_, err := s.MustExec(ctx, node, "rm", "-f", faultFile)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// installFaulty replaces the agent on all nodes by one with fault points, until the
// test ends.
func (s *trial) installFaulty() {
	s.t.Helper()
	faulty := filepath.Join(s.t.TempDir(), "ovndb-servers")
	build := exec.CommandContext(s.ctx, "go", "build", "-trimpath", "-tags", "faultpoints", "-o", faulty, "./cmd/ovndb-servers")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if text, err := build.CombinedOutput(); err != nil {
		s.t.Fatalf("cannot build the agent with fault points: %v: %s", err, text)
	}
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error { return s.installEverywhere(ctx, s.Config().Binary) })
	})
	s.check(s.installEverywhere(s.ctx, faulty))
}

func (s *trial) installEverywhere(ctx context.Context, binary string) error {
	var failures []error
	for _, node := range s.NodeNames() {
		failures = append(failures, s.InstallAgent(ctx, node, binary))
	}
	return errors.Join(failures...)
}

// A promotion fails because another program has the port; once the port is free,
// the same node is promoted, and no row is lost.
func TestSafetyFailedPromotionThenTheSameNode(t *testing.T) {
	skipIfShort(t)
	s := newTrial(t)
	_, others := s.promoted()
	name, sb := others[0], ovsdb.Southbound()
	s.takePort(name, sb.Port)
	s.check(s.MovePromoted(s.ctx, name))
	s.awaitCluster("the promotion to fail", func(view cluster.View) error { return failedWith(view, name, "promote", sb.Name) })
	s.freePort(name)
	s.awaitCluster("the same node to be promoted", cluster.All(cluster.PromotedOn(name), s.Settled()))
	s.end()
}
