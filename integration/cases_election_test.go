//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// leaderTimeout bounds how long a cluster may be without a leader that has nodes that can lead.
const leaderTimeout = time.Minute

// awaitLeader awaits a condition of the cluster in [leaderTimeout].
func (s *trial) awaitLeader(what string, condition cluster.Condition) {
	s.t.Helper()
	s.awaitLeaderWithin(leaderTimeout, what, condition)
}

func (s *trial) awaitLeaderWithin(timeout time.Duration, what string, condition cluster.Condition) {
	s.t.Helper()
	ctx, cancel := context.WithTimeoutCause(s.ctx, timeout, errors.New("no leader in time"))
	defer cancel()
	began := time.Now()
	s.check(s.Await(ctx, what, condition))
	s.t.Logf("waited %s for %s", time.Since(began).Round(100*time.Millisecond), what)
}

// An operator prefers a node by 10000 that holds less than another one when the active is lost:
// the freshest leads nevertheless, and without a minute of no leader (K6).
func TestSafetyPreferenceForANodeThatHoldsLessDoesNotMakeItLead(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, others := s.promoted()
	fresh, behind := others[0], others[1]
	s.constrain("case-preference", fmt.Sprintf(
		`<rsc_location id="case-preference" rsc="%s" role="Promoted" node="%s" score="10000"/>`, cluster.Clone, behind))
	s.cutShortly(behind)
	s.freeze(active)
	s.awaitLeader("the freshest node to lead", cluster.PromotedOn(fresh))
	s.check(s.Heal(s.ctx, behind))
	s.awaitCluster("the virtual IP to follow", s.SettledOn(fresh, behind))
	s.awaitMore(30) // from then on no client reaches the node that was lost
	s.thaw(active)
	s.end()
}

// The node that holds most when the active is lost is banned from the role by a rule: another one
// leads, and says which constraint it was. The rows that the banned one alone had are in a
// snapshot there (K8).
func TestSafetyFreshestNodeThatIsBannedIsNotWaitedFor(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, others := s.promoted()
	fresh, behind := others[0], others[1]
	s.constrain("case-ban", fmt.Sprintf(`<rsc_location id="case-ban" rsc="%s"><rule id="case-ban-rule" role="Promoted" score="-INFINITY">
		<expression id="case-ban-node" attribute="#uname" operation="eq" value="%s"/></rule></rsc_location>`, cluster.Clone, fresh))
	named := s.logged(behind, "case-ban")
	s.cutShortly(behind)
	s.check(s.Freeze(s.ctx, active))
	s.awaitLeader("another node to lead", cluster.PromotedOn(behind))
	s.check(s.Heal(s.ctx, behind))
	s.awaitCluster("the banned node to follow", s.SettledOn(fresh, behind))
	s.awaitMore(30)
	s.awaitLogged(behind, "case-ban", named)
	s.check(s.Thaw(s.ctx, active))
	s.awaitAllBack()
	s.endKept(active, fresh)
}

// constrain adds a location constraint until the test ends.
func (s *trial) constrain(id, constraint string) {
	s.t.Helper()
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			return errors.Join(s.remove(ctx, `<rsc_location id="`+id+`"/>`), s.AwaitIdle(ctx))
		})
	})
	s.create("constraints", constraint)
	s.check(s.AwaitIdle(s.ctx))
}

// cutShortly cuts a backup off from replication, for some rows only: it stays a member.
func (s *trial) cutShortly(node string) {
	s.t.Helper()
	s.check(s.CutReplication(s.ctx, node))
	s.awaitMore(50)
}

// endKept is [trial.end] where an operator has given up rows that only some nodes had: each row
// that was acknowledged is on all nodes, or in a snapshot of one of those.
func (s *trial) endKept(keepers ...string) {
	s.t.Helper()
	s.awaitMore(5)
	for _, writer := range s.writers {
		writer.Stop()
	}
	for _, writer := range s.writers {
		gone := 0
		s.await("each acknowledged row on all nodes or in a snapshot", func(ctx context.Context) (err error) {
			gone, err = s.inSnapshots(ctx, writer, keepers)
			return err
		})
		db := writer.Database()
		awaitSameRows(s.ctx, s.t, s.Cluster, db)
		s.t.Logf("%s: %d rows acknowledged, %d of them in snapshots alone; the longest pause was %s",
			db.Name, len(writer.Acks()), gone, writer.LongestGap().Duration().Round(10*time.Millisecond))
	}
}

// inSnapshots returns how many rows of a writer a node lacks that are in a snapshot of one of the
// keepers. A row that is in none is an error.
func (s *trial) inSnapshots(ctx context.Context, writer *ovsdb.Writer, keepers []string) (count int, err error) {
	var kept []string
	for _, node := range keepers {
		names, err := s.Kept(ctx, node, writer.Database())
		if err != nil {
			return 0, err
		}
		kept = append(kept, names...)
	}
	for _, node := range s.NodeNames() {
		present, err := s.NamesOn(ctx, node, writer.Database())
		if err != nil {
			return 0, err
		}
		gone := writer.Missing(present)
		if lost := ovsdb.Missing(gone, kept); len(lost) > 0 {
			return 0, fmt.Errorf("%s: %d rows are neither on %s nor in a snapshot, the first is %s", writer.Database().Name, len(lost), node, lost[0])
		}
		count = max(count, len(gone))
	}
	return count, nil
}

// serverProgram is what the agent starts for each database.
const serverProgram = "/usr/sbin/ovsdb-server"

// The servers of the active die and cannot be started again: the best of the others leads. What
// only the active had is in its file, and in a snapshot when it returns (K7).
func TestSafetyActiveWhoseServersCannotBeStartedAgainIsReplaced(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, rest := s.promoted()
	s.awaitMore(30)
	restore := func(ctx context.Context) error {
		_, err := s.MustExec(ctx, active, "sh", "-c", "test -e "+serverProgram+" || mv "+serverProgram+".aside "+serverProgram)
		return err
	}
	t.Cleanup(func() { s.undo(restore) })
	s.exec(active, "mv", serverProgram, serverProgram+".aside")
	s.isLost(active)
	for _, db := range databases() {
		s.signal(active, db, syscall.SIGKILL)
	}
	s.awaitLeader("one of the others to lead", s.SettledOn(rest...))
	s.awaitMore(30)
	s.check(restore(s.ctx))
	s.check(s.CleanupOn(s.ctx, cluster.Clone, active))
	s.end()
}

// A node in maintenance gets no notifications. It is not waited for when the active is lost: the
// other backup leads after a promotion of a few seconds (K9).
func TestSafetyNodeInMaintenanceIsNotWaitedFor(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, others := s.promoted()
	unmanaged, next := others[0], others[1]
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			_, err := s.Control(ctx, "crm_attribute", "--node", unmanaged, "--name", "maintenance", "--delete")
			return errors.Join(err, s.AwaitIdle(ctx))
		})
	})
	s.exec(active, "crm_attribute", "--node", unmanaged, "--name", "maintenance", "--update", "true")
	s.check(s.AwaitIdle(s.ctx))
	s.awaitMore(30)
	before := len(s.promotions(next))
	s.freeze(active)
	s.awaitLeader("the other backup to lead", cluster.PromotedOn(next))
	s.awaitMore(30)
	for _, took := range s.promotions(next)[before:] {
		t.Logf("the promotion took %s", took)
		if took > 8*time.Second {
			t.Error("the node in maintenance was waited for")
		}
	}
	s.check(s.Thaw(s.ctx, active))
	s.exec(next, "crm_attribute", "--node", unmanaged, "--name", "maintenance", "--delete")
	s.end()
}

// promotions returns how long the agent's promotions on a node took, by its log.
func (s *trial) promotions(node string) []time.Duration {
	s.t.Helper()
	text := s.exec(node, "cat", "/var/log/syslog")
	var took []time.Duration
	for _, match := range regexp.MustCompile(`action=promote elapsed=(\S+) `).FindAllStringSubmatch(text, -1) {
		elapsed, err := time.ParseDuration(match[1])
		s.check(err)
		took = append(took, elapsed)
	}
	return slices.Clip(took)
}
