package control_test

import (
	"strconv"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// An older CIB is loaded and the agent is reloaded by it: Pacemaker may promote the node again whose last monitor it
// has lost, before the supervisor has swapped its record in. The node leads on, and is not asked to win an election
// that two nodes of three would be needed for.
func TestActiveThatIsPromotedAgainWhileItsRecordHasGoneBackLeadsOnInItsTerm(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]func(trio) string{
		"deleted":         func(trio) string { return "" },
		"an earlier term": func(three trio) string { return three.record(1, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			three := newLedTrio(t)
			three.switchOver(t, 0, 1)
			three.switchOver(t, 1, 0)
			node := three.nodes[0]
			own, err := node.OwnTerm()
			must(t, err)
			score := three.Score(node.Node)

			must(t, three.Fix(found(three)))
			must(t, node.HoldElection(testContext(t), three.electorate(1, 2)))
			if now := three.Score(node.Node); now != score {
				t.Errorf("its score is %s, was %s", now, score)
			}
			must(t, node.Promote(testContext(t), three.electorate(1, 2)))
			record, err := node.Record(testContext(t))
			must(t, err)
			if record == nil || record.TermID != own.Record.TermID {
				t.Errorf("the record is %s, want that of %s", record.Describe(), own.Record.Describe())
			}
			wantHealth(t, node, replication.HealthActive)
			insert(t, node, "after")
		})
	}
}

// From a backup that has not followed for seconds: Pacemaker cannot choose it, as it would where its coordinator dies
// with the active, and then waits for the end of its monitor. Without an active, its data says whether it stands again.
func TestBackupThatDoesNotFollowIsNoCandidateUntilThereIsNoActive(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	member, behind := three.nodes[1], three.nodes[2]
	updateMembers(t, three.nodes[0], map[string]replication.Freshness{behind.Node: replication.FreshnessStale})
	publish := func(node *control.Controller, v replication.Verdict, leader replication.Leader) {
		if done, err := node.Publish(testContext(t), v, leader); !done || err != nil {
			t.Errorf("published: %v, %v", done, err)
		}
	}
	for _, node := range []*control.Controller{member, behind} {
		publish(node, replication.Verdict{Health: replication.HealthBackupDegraded}, replication.Leader{Node: "node1"})
		if score, err := strconv.Atoi(three.Score(node.Node)); err != nil || score >= 0 {
			t.Errorf("%s has the score %d while node1 leads, want one that keeps the role away", node.Node, score)
		}
	}
	publish(member, replication.Verdict{Health: replication.HealthBackup}, replication.Leader{})
	wantScore(t, three, member.Node, replication.ScoreUnproven)
	publish(behind, replication.Verdict{Health: replication.HealthBackup}, replication.Leader{})
	if score := three.Score(behind.Node); score != "" {
		t.Errorf("the score of %s, which is no member, is %s", behind.Node, score)
	}
}
