package control_test

import (
	"testing"

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
