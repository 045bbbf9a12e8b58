package control_test

import (
	"sync/atomic"
	"testing"
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
