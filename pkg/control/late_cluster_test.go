package control_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// never is a delay that no test outlasts.
const never = time.Hour

// newSilentTrio returns three nodes without servers.
func newSilentTrio(t *testing.T) trio {
	t.Helper()
	three := trio{Cluster: controltest.NewCluster()}
	ports := controltest.FreePorts(t)
	for i, name := range []string{"node1", "node2", "node3"} {
		three.nodes[i] = controltest.NewNode(t, three.Cluster, name, "127.0.0."+name[len(name)-1:], ports)
	}
	return three
}

// claim has a node publish that it is promoted.
func (three trio) claim(t *testing.T, node int) {
	t.Helper()
	n := three.nodes[node]
	must(t, n.Cluster.Publish(testContext(t), control.TopicActive, control.SourcesAt(n.Units, n.Listening.NodeAddress).String()))
}

// record returns a record of a term that a node leads.
func (three trio) record(term uint64, node int) string {
	return replication.Record{Term: term, TermID: "id", Node: three.nodes[node].Node}.String()
}

// leaderOf returns the other node that a node takes for the promoted one.
func leaderOf(t *testing.T, c *control.Controller) (replication.Leader, error) {
	t.Helper()
	state, err := c.QueryCluster(testContext(t))
	return state.Leader, err
}

func TestOfTwoNodesThatSayTheyArePromotedTheOneInTheRecordIsBelieved(t *testing.T) {
	t.Parallel()
	three := newSilentTrio(t)
	three.claim(t, 0)
	must(t, three.Fix(three.record(1, 0)))
	three.Delay(never)
	must(t, three.nodes[0].Cluster.Publish(testContext(t), control.TopicActive, "")) // does not arrive
	three.Delay(0)
	must(t, three.nodes[1].Cluster.SwapRecord(testContext(t), three.record(1, 0), three.record(2, 1)))
	three.claim(t, 1)
	leader, err := leaderOf(t, three.nodes[2])
	must(t, err)
	want := three.nodes[1].Units[0].Endpoint.Source(netip.MustParseAddr("127.0.0.2"))
	if leader.Node != "node2" || leader.Sources[nb] != want {
		t.Errorf("%+v leads, want node2, which is in the record, at %s", leader, want)
	}
}

func TestOfTwoNodesThatSayTheyArePromotedNoneIsBelievedUntilTheRecordArrives(t *testing.T) {
	t.Parallel()
	three := newSilentTrio(t)
	for name, record := range map[string]string{"no record": "", "a record of the node that asks": three.record(1, 2)} {
		t.Run(name, func(t *testing.T) {
			must(t, three.Fix(record))
			three.claim(t, 0)
			three.claim(t, 1)
			three.Delay(never)
			must(t, three.nodes[1].Cluster.SwapRecord(testContext(t), record, three.record(2, 1)))
			three.Delay(0)
			if leader, err := leaderOf(t, three.nodes[2]); !errors.Is(err, control.ErrTwoLeaders) {
				t.Errorf("%+v leads (%v), want that none is known", leader, err)
			}
			must(t, three.Fix(three.record(2, 1)))
			if leader, err := leaderOf(t, three.nodes[2]); err != nil || leader.Node != "node2" {
				t.Errorf("%+v leads (%v), want node2", leader, err)
			}
		})
	}
}

// newTrioWithAStaleNode returns a trio whose first node has stopped, and whose second lacks a row.
func newTrioWithAStaleNode(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	stale := three.nodes[1]
	must(t, stale.Units[0].Server.Follow(testContext(t), stale.Units[0].Endpoint.Parking(), 0))
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[2], "a")
	must(t, three.nodes[0].Stop(testContext(t)))
	return three
}

func TestAnElectionThatYieldsEndsWhenTheSchedulerCanSeeIt(t *testing.T) {
	t.Parallel()
	three := newTrioWithAStaleNode(t)
	three.Delay(500 * time.Millisecond)
	wantChoice(t, three.hold(t, 1, 0), "node3", "holds more")
	if score, err := three.nodes[1].Cluster.ScoreInCIB(testContext(t)); err != nil || score != "-INFINITY" {
		t.Errorf("the scheduler sees the score %q (%v), and would promote this node again", score, err)
	}
}

func TestAPromotionWithLateAnswersSucceeds(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	must(t, three.nodes[0].Stop(testContext(t)))
	three.Delay(700 * time.Millisecond)
	must(t, three.hold(t, 1, 0))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate(0)))
	eventually(t, "the record to arrive, and node3 to follow", func() bool {
		return three.nodes[2].Follow(testContext(t), "node2") == nil
	})
	wantRows(t, three.nodes[2], "a")
	wantHealth(t, three.nodes[1], replication.HealthActive)
}

func TestACallOfAPromotionThatIsRefusedOnceIsTriedAgain(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	three.Refuse("Published")
	must(t, three.hold(t, 1, 0))
	three.Refuse("SwapRecord")
	must(t, three.nodes[1].Promote(testContext(t), three.electorate(0)))
	for _, method := range []string{"Published", "SwapRecord"} {
		if !three.Refused(method) {
			t.Errorf("no call of %s was refused", method)
		}
	}
	wantHealth(t, three.nodes[1], replication.HealthActive)
}

func TestACallOfAFailoverThatIsRefusedLeavesTheRoleWhereItIs(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	for _, method := range []string{"Unable", "Quorate"} {
		three.Refuse(method)
		if node, err := three.nodes[0].Successor(testContext(t)); !errors.Is(err, controltest.ErrRefused) {
			t.Errorf("%s is refused, and the successor is %q (%v)", method, node, err)
		}
	}
}
