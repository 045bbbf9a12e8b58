//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// stoodStill is the reason of a promotion that gives up before its swap.
const stoodStill = "this node stood still while it was promoted"

// promoteCommand matches the command line of a promotion, as Pacemaker runs it.
const promoteCommand = "^/usr/lib/ocf/resource.d/ovn/ovndb-servers promote"

// A promotion stands still just before it swaps the record, its node is counted out, and another
// node serves. When the first promotion goes on, it swaps nothing, though the node's own copy of the CIB
// has the earlier record; the node steps back, and no row is lost: those that local clients wrote to it
// meanwhile are in snapshots (K1).
func TestSafetyPromotionThatStoodStillSwapsNoRecordOnceAnotherNodeServes(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	s.installFaulty()
	active, rest := s.promoted()
	s.awaitMore(30)
	chosen := s.stopPromotion(active, rest)
	next := s.without(active, chosen)[0]
	took, late := s.insertLocally(chosen), s.logged(chosen, stoodStill)
	s.check(s.Freeze(s.ctx, chosen))
	s.awaitCluster("another node to serve", s.SettledOn(next))
	s.awaitMore(50)
	record := s.record()
	s.check(s.Thaw(s.ctx, chosen))
	count, err := s.SignalMatching(s.ctx, chosen, promoteCommand, syscall.SIGCONT)
	s.check(err)
	if count != 1 {
		t.Fatalf("%d promotions go on", count)
	}
	s.awaitLogged(chosen, stoodStill, late)
	s.check(s.Unstandby(s.ctx, active))
	// Pacemaker may take the role from the node that leads, as planned, when it sees two promotions.
	s.awaitAllBack()
	if after := s.record(); termOf(after) < termOf(record) || led(record) != next {
		t.Errorf("the record was %q and is %q", record, after)
	}
	s.wantKept(chosen, took)
	s.end()
}

// termOf returns the term of a record, 0 of none.
func termOf(record string) int {
	text, _, _ := strings.Cut(record, " ")
	term, _ := strconv.Atoi(text)
	return term
}

// stopPromotion puts the active node into standby and stops the promotion of the node that is
// chosen in its place just before it swaps the record. It returns that node.
func (s *trial) stopPromotion(active string, rest []string) (chosen string) {
	s.t.Helper()
	return s.stopPromotionAfter(rest, func() error { return s.Standby(s.ctx, active) })
}

// stopPromotionAfter does what takes the role from the active node, and stops the promotion that follows.
func (s *trial) stopPromotionAfter(rest []string, takeAway func() error) (chosen string) {
	s.t.Helper()
	s.t.Cleanup(func() { s.undo(s.disarm) })
	for _, node := range rest {
		s.check(s.WriteFile(s.ctx, node, faultFile, 0o644, []byte("promote-marked stop")))
	}
	s.check(takeAway())
	s.await("a promotion to stand still", func(ctx context.Context) error {
		for _, node := range rest {
			if err := s.fired(ctx, []string{node}); err == nil {
				chosen = node
				return nil
			}
		}
		return errors.New("no promotion has come there")
	})
	s.check(s.disarmOn(s.ctx, rest))
	return chosen
}

// insertLocally writes to a node's own servers as far as they are writable, and returns the rows
// that they took.
func (s *trial) insertLocally(node string) (took []extra) {
	s.t.Helper()
	for _, db := range databases() {
		name := fmt.Sprintf("only-on-%s-%x", node, time.Now().UnixNano())
		if s.InsertOn(s.ctx, node, db, name) == nil {
			took = append(took, extra{db: db, names: []string{name}})
		}
	}
	s.t.Logf("%s took %d rows locally", node, len(took))
	return took
}

// logged returns how many lines of a node's syslog have a text.
func (s *trial) logged(node, text string) int {
	s.t.Helper()
	return s.lines(node, "/var/log/syslog", "--fixed-strings", text)
}

// lines returns how many lines of a node's file have a text, by an option of grep.
func (h hand) lines(node, path, option, text string) int {
	h.t.Helper()
	result, err := h.Exec(h.ctx, node, "grep", "--count", option, text, path)
	h.check(err)
	count, err := strconv.Atoi(strings.TrimSpace(result.Stdout))
	h.check(err)
	return count
}

// awaitLogged awaits that a node's syslog has more lines with a text than before.
func (s *trial) awaitLogged(node, text string, before int) {
	s.t.Helper()
	s.await(fmt.Sprintf("%s to log %q", node, text), func(context.Context) error {
		if s.logged(node, text) <= before {
			return errors.New("not logged")
		}
		return nil
	})
}

// patientWrite is how long a write may take on a machine that has much else to do; a move of the role
// takes longer.
const patientWrite = 4 * time.Second

// An older CIB is loaded while a node leads, and the record goes back by two terms with it: the
// active serves on, and puts its record back (K2).
func TestSafetyOlderCIBLoadedWhileANodeLeadsChangesNothing(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	const restored = "the cluster record had gone back, and was restored by the node that leads"
	s := newTrial(t)
	older := s.cibOfTwoTermsAgo()
	active, _ := s.promoted()
	before, pids := s.whoLeads()
	logged, loaded := s.logged(active, restored), time.Now()
	s.loadCIB(older)
	s.awaitLogged(active, restored, logged)
	t.Logf("the record was restored within %s", time.Since(loaded).Round(100*time.Millisecond))
	awaitRest(s.ctx, t, s.Cluster)
	s.awaitMore(30)
	if after, now := s.whoLeads(); after != before || !slices.Equal(now, pids) {
		t.Errorf("before, %s led with servers %v; then %s with %v", before, pids, after, now)
	}
	for _, writer := range s.writers {
		for _, gap := range writer.Interruptions(loaded) {
			if gap.Duration() > patientWrite {
				t.Errorf("%s: clients were interrupted for %s", writer.Database().Name, gap.Duration())
			}
		}
	}
	if failures := s.failures(); len(failures) > 0 {
		t.Errorf("the cluster has failures: %v", failures)
	}
	s.end()
}

// cibOfTwoTermsAgo returns the present CIB once the role has moved twice, and all nodes are members again.
func (s *trial) cibOfTwoTermsAgo() string {
	s.t.Helper()
	older, err := s.Control(s.ctx, "cibadmin", "--query")
	s.check(err)
	s.switchOver()
	s.switchOver()
	awaitRest(s.ctx, s.t, s.Cluster)
	s.awaitMembers()
	return older
}

// An older CIB is loaded while the role is kept from all nodes: the record goes back by two terms, and nothing keeps the
// role from them any more. The latest term that their data tells of goes on, and no row is lost (K2).
func TestSafetyOlderCIBLoadedWhileNoNodeLeadsLetsTheLatestTermGoOn(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	older := s.cibOfTwoTermsAgo()
	s.awaitMore(30)
	record := s.record()
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error { return s.SetMeta(ctx, cluster.Clone, "target-role", "") })
	})
	s.check(s.SetMeta(s.ctx, cluster.Clone, "target-role", string(cluster.Unpromoted)))
	s.awaitCluster("no node to lead", func(view cluster.View) error {
		if leads := view.In(cluster.Promoted); len(leads) > 0 || len(view.In(cluster.Unpromoted)) != len(s.NodeNames()) {
			return fmt.Errorf("promoted: %v", leads)
		}
		return nil
	})
	s.check(s.AwaitIdle(s.ctx))
	s.loadCIB(older)
	s.await("a term after the latest", func(context.Context) error { // the older CIB says that a node leads
		if now := s.record(); termOf(now) <= termOf(record) {
			return fmt.Errorf("the record is %q, and was %q before the older CIB", now, record)
		}
		return nil
	})
	s.awaitCluster("the cluster to settle", s.Settled())
	s.awaitMore(30)
	s.end()
}

// awaitMembers awaits that the record names all nodes as members, some time after one has come back.
func (s *trial) awaitMembers() {
	s.t.Helper()
	all := "members=" + strings.Join(s.NodeNames(), ",")
	s.await("all nodes to be members", func(context.Context) error {
		if record := s.record(); !strings.Contains(record, all) {
			return errors.New(record)
		}
		return nil
	})
}

// loadCIB replaces the cluster's CIB by a saved one, which is made newer than the present one: else
// Pacemaker refuses it.
func (s *trial) loadCIB(saved string) {
	s.t.Helper()
	epoch := regexp.MustCompile(`admin_epoch="(\d+)"`)
	node := s.NodeNames()[0]
	present, err := strconv.Atoi(epoch.FindStringSubmatch(s.exec(node, "cibadmin", "--query"))[1])
	s.check(err)
	const path = "/tmp/older.xml"
	newer := epoch.ReplaceAllString(saved, fmt.Sprintf(`admin_epoch="%d"`, present+1))
	s.check(s.WriteFile(s.ctx, node, path, 0o644, []byte(newer)))
	s.exec(node, "cibadmin", "--replace", "--xml-file", path)
}

// Pacemaker is shut down on the active's node: the new active has all rows (K5).
func TestSafetyPacemakerShutDownOnTheActiveLosesNothing(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, rest := s.promoted()
	s.awaitMore(30)
	s.check(s.StopPacemaker(s.ctx, active))
	s.awaitCluster("the role to move", s.SettledOn(rest...))
	s.wantRows(rest...)
	s.awaitMore(30)
	s.check(s.StartPacemaker(s.ctx, active))
	s.end()
}

// Pacemaker is shut down on the active's node, the only one that runs: the end of its data is in
// the record. A node that lacks the end does not lead, until the one that holds it is back (K5).
func TestSafetyNodeThatLacksTheEndOfAShutDownActiveDoesNotLead(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	last, others := s.promoted()
	s.check(s.Standby(s.ctx, others[0]))
	s.check(s.Standby(s.ctx, others[1]))
	s.awaitCluster("the active to be left alone", s.SettledOn(last))
	s.awaitMore(30)
	s.check(s.StopPacemaker(s.ctx, last))
	s.await("the end in the record", func(context.Context) error {
		if record := s.record(); led(record) != last || !strings.Contains(record, " end=") {
			return fmt.Errorf("the record is %q", record)
		}
		return nil
	})
	s.check(s.Unstandby(s.ctx, others[0]))
	s.awaitTool(others[0], "the node to be refused", "lacks what node "+last+" wrote last", "status")
	s.check(s.AwaitIdle(s.ctx))
	if view, err := s.View(s.ctx); err != nil || len(view.In(cluster.Promoted)) > 0 {
		t.Errorf("promoted are %v, %v", view.In(cluster.Promoted), err)
	}
	s.check(s.StartPacemaker(s.ctx, last))
	s.awaitCluster("the node that holds the end to lead", cluster.All(s.SettledOn(last, others[0]), cluster.PromotedOn(last)))
	s.check(s.Unstandby(s.ctx, others[1]))
	s.end()
}
