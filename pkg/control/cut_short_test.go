package control_test

import (
	"sync/atomic"
	"testing"

	"ovndb-servers/pkg/replication"
)

// From a planned demotion, after which the promotion of the next node is killed before it is recorded. The
// cluster demotes that node before its supervisor has looked. It is promoted after that, alone.
func TestNodeWhosePromotionWasCutShortAndThatIsDemotedMayLeadStill(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	three.switchOverWithout(t, 0, 1, 2)
	must(t, three.nodes[1].Demote(testContext(t)))
	node := three.nodes[1]
	killed := *node
	killed.Cluster = endsAtSwap{Cluster: killed.Cluster, over: new(atomic.Bool)}
	inGoroutine(func() { _ = killed.Promote(testContext(t), three.electorate(0, 2)) })
	must(t, node.Demote(testContext(t)))
	must(t, node.Promote(testContext(t), three.electorate(0, 2)))
	wantRows(t, node, "a")
}

// The promotion was killed right after the swap, and is repeated, or a probe has found the node promoted.
func TestTermWhosePromotionWasCutShortAfterItsRecordHasItsMembersKept(t *testing.T) {
	t.Parallel()
	for name, goOn := range map[string]func(t *testing.T, three trio){
		"promote": func(t *testing.T, three trio) {
			t.Helper()
			must(t, three.nodes[0].Promote(testContext(t), replication.Participants{}))
		},
		"monitor": func(t *testing.T, three trio) { t.Helper(); three.nodes[0].Monitor(testContext(t), true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			three := newTrio(t)
			node := three.nodes[0]
			killed := *node
			killed.Cluster = endsAtSwap{Cluster: killed.Cluster, swap: true, over: new(atomic.Bool)}
			inGoroutine(func() { _ = killed.Promote(testContext(t), replication.Participants{}) })
			goOn(t, three)
			wantHealth(t, node, replication.HealthActive)
			updateMembers(t, node, map[string]replication.Freshness{"node2": replication.FreshnessStale})
			wantNoMember(t, node, "node2", "is behind")
		})
	}
}
