//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// noSpace is how the kernel says that a disk is full.
const noSpace = "no space left on device"

// The disk of the active's databases is full: status and monitor say so, and after disk_patience a
// fresh node leads and takes writes. No acknowledged row is lost (D5).
func TestSafetyActiveWhoseDiskIsFullIsReplaced(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, rest := s.promoted()
	s.awaitMore(30)
	t.Cleanup(func() { s.undo(func(ctx context.Context) error { return s.FreeDisk(ctx, active) }) })
	s.check(s.FillDisk(s.ctx, active))
	filled := time.Now()
	s.await("monitor to report the full disk", func(ctx context.Context) error {
		result, err := s.RunAgent(ctx, active, "monitor", asPromoted())
		if err == nil && (result.Code != exitPromotedAtLimit || !strings.Contains(exitReason(result), noSpace)) {
			err = fmt.Errorf("monitor: %s", result)
		}
		return err
	})
	t.Logf("monitor reports it within %s", time.Since(filled).Round(100*time.Millisecond))
	s.awaitTool(active, "status to report the full disk", noSpace, "status")
	s.awaitLeader("a fresh node to lead", func(view cluster.View) error {
		if !slices.Contains(rest, view.Promoted()) || view.VIPNode != view.Promoted() {
			return fmt.Errorf("promoted: %v, virtual IP on %q", view.In(cluster.Promoted), view.VIPNode)
		}
		return nil
	})
	s.awaitMore(30)
	s.check(s.FreeDisk(s.ctx, active))
	s.check(s.CleanupOn(s.ctx, cluster.Clone, active))
	s.end()
}

// The run directory of the active's servers is removed: the servers are found by the lock of their
// files, replaced, and never run beside another active. No monitor says that none runs (D6).
func TestSafetyRunDirectoryRemovedUnderTheActive(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, _ := s.promoted()
	s.awaitMore(30)
	_, pids := s.whoLeads()
	s.exec(active, "sh", "-c", "rm -r /run/ovn")
	s.await("the servers to be replaced", func(ctx context.Context) error {
		view, err := s.View(ctx)
		if err != nil {
			return err
		}
		s.wantNoneNotRunning(view, active)
		left, err := s.living(ctx, active, pids)
		if err != nil || len(left) == 0 {
			return err
		}
		if promoted := view.Promoted(); promoted != "" && promoted != active {
			t.Errorf("%s is promoted while the servers %v of %s run", promoted, left, active)
		}
		return fmt.Errorf("the servers %v run", left)
	})
	s.awaitLeader("a node to lead", s.Settled())
	s.end()
}

// wantNoneNotRunning checks that no monitor of a node has said that nothing runs there.
func (s *trial) wantNoneNotRunning(view cluster.View, node string) {
	s.t.Helper()
	for _, failure := range view.Failures {
		if failure.Node == node && failure.ExitCode == exitNotRunning {
			s.t.Errorf("a monitor has found nothing running: %+v", failure)
		}
	}
}

// living returns those of a node's processes that have not ended.
func (s *trial) living(ctx context.Context, node string, pids []string) (left []string, err error) {
	processes, err := s.Processes(ctx, node)
	for _, process := range processes {
		pid := fmt.Sprint(process.PID)
		if slices.Contains(pids, pid) && !strings.HasPrefix(process.State, "Z") {
			left = append(left, pid)
		}
	}
	return left, err
}
