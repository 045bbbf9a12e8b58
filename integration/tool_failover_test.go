//go:build integration

package integration_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// toolTimeout is how long a command of the tool may take during a failover, with what the container needs.
const toolTimeout = 20 * time.Second

// exitUnconfirmed is the tool's exit code of what has to be confirmed by --yes.
const exitUnconfirmed = 107

// toolCall is a call of the tool, the exit codes that it may end with, and a part of what it prints.
type toolCall struct {
	command string
	codes   []int
	text    string
}

// callTool calls the tool on a node, which has to end in time and as it should.
func (s *trial) callTool(node string, call toolCall) {
	s.t.Helper()
	began := time.Now()
	result, err := s.Exec(s.ctx, node, append([]string{"ovndb-servers"}, strings.Fields(call.command)...)...)
	s.check(err)
	took := time.Since(began)
	s.t.Logf("%s on %s ends with %d after %s", call.command, node, result.Code, took.Round(10*time.Millisecond))
	ended := false
	for _, code := range call.codes {
		ended = ended || result.Code == code
	}
	if !ended || took > toolTimeout || !strings.Contains(result.Stdout+result.Stderr, call.text) {
		s.t.Errorf("%s on %s, after %s: %s\nwant a code of %v and %q", call.command, node, took, result, call.codes, call.text)
	}
}

// The active loses its power, and the promotion of another node stands still before it is recorded: each command
// of the tool ends in time there and on the third node, and says that no node leads or refuses. Then the
// promotion goes on.
func TestToolDuringAFailover(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := sharedCluster(t)
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	s.installFaulty()
	active, rest := s.promoted()
	s.insertEverywhere(active, "before the failover")
	t.Cleanup(func() { s.undo(func(ctx context.Context) error { return c.PowerOn(ctx, active) }) })
	chosen := s.stopPromotionAfter(rest, func() error { return s.PowerOff(ctx, active) })
	const noLeader = "no node of the cluster is promoted"
	degraded, critical := []int{toolDegraded}, []int{toolCritical}
	for _, call := range []toolCall{
		{"status", critical, noLeader},
		{"explain", critical, "would lead"},
		{"doctor", []int{exitSuccess, toolDegraded}, ""},
		{"verify --all", critical, "0 nodes are promoted"},
		{"report /root/failover.tar.gz", []int{exitSuccess}, ""},
		{"reinit --yes", degraded, "no node to copy from"},
		{"switchover --yes", degraded, "are promoted"},
		{"pause", []int{exitUnconfirmed}, "add --yes"},
		{"pause --yes", []int{exitSuccess}, ""},
		{"resume --yes", []int{exitSuccess}, ""},
	} {
		s.callTool(s.without(active, chosen)[0], call)
	}
	s.callTool(chosen, toolCall{"status", critical, noLeader})
	s.callTool(chosen, toolCall{"explain", critical, "would lead"})
	s.callTool(chosen, toolCall{"reinit --yes", degraded, ""})
	count, err := s.SignalMatching(ctx, chosen, promoteCommand, syscall.SIGCONT)
	s.check(err)
	if count != 1 {
		t.Errorf("%d promotions go on", count)
	}
	s.awaitCluster("another node to lead", s.SettledOn(rest...))
	s.check(s.PowerOn(ctx, active))
	s.awaitCluster("the node to be back", s.Settled())
	s.wantRow("before the failover", s.NodeNames()...)
}
