package control_test

import (
	"context"
	"os"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
)

// asked counts which questions a cluster is asked for management and record.
type asked struct {
	control.Cluster

	record, managed, both int
}

func (a *asked) Record(ctx context.Context) (string, error) {
	a.record++
	return a.Cluster.Record(ctx)
}

func (a *asked) Managed(ctx context.Context, node string) (bool, error) {
	a.managed++
	return a.Cluster.Managed(ctx, node)
}

func (a *asked) RecordWhereManaged(ctx context.Context) (string, bool, error) {
	a.both++
	return a.Cluster.RecordWhereManaged(ctx)
}

// From a trio that node1 leads: one program tells it the record, and that the cluster manages it. Where it may not,
// that is asked for as well. No backup asks for it.
func TestClusterIsAskedForRecordAndManagementByOneProgram(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	record, err := three.nodes[0].Record(testContext(t))
	must(t, err)
	query := func(node int, unmanaged bool, want asked) {
		t.Helper()
		n := three.nodes[node]
		cluster := &asked{Cluster: n.Cluster}
		n.Cluster = cluster
		state, err := n.QueryCluster(testContext(t))
		n.Cluster = cluster.Cluster
		must(t, err)
		want.Cluster = cluster.Cluster
		if state.Record != record.String() || state.Unmanaged != unmanaged || *cluster != want {
			t.Errorf("%s: record %q, unmanaged %v, by %+v; want %+v", n.Node, state.Record, state.Unmanaged, *cluster, want)
		}
	}
	query(0, false, asked{both: 1})
	query(1, false, asked{record: 1})
	three.SetUnmanaged("node1")
	query(0, true, asked{both: 1, managed: 1})
}

// From a trio that node1 leads, whose address an operator deletes: that node finds it missing, and no other one does.
func TestPromotedNodeFindsItsAddressMissing(t *testing.T) {
	t.Parallel()
	three := newComparableTrio(t)
	lost := func(node int) bool {
		t.Helper()
		state, err := three.nodes[node].QueryCluster(testContext(t))
		must(t, err)
		return state.AddressLost
	}
	if lost(0) || lost(1) {
		t.Error("the address is missing though it is there")
	}
	must(t, three.nodes[0].Cluster.Publish(testContext(t), control.TopicActive, ""))
	if !lost(0) || lost(1) {
		t.Errorf("the address that was deleted is missing on node1: %v, on node2: %v", lost(0), lost(1))
	}
}

// From a node whose supervisor at rest looks after its score each five minutes: the words of an operator change that.
func TestBlessingAndItsEndWakeTheSupervisor(t *testing.T) {
	t.Parallel()
	node := newComparableTrio(t).nodes[1]
	poked := func(act func() error) bool {
		t.Helper()
		must(t, os.WriteFile(node.PokeFile(), nil, 0o600))
		must(t, os.Chtimes(node.PokeFile(), time.Time{}, time.Unix(1, 0)))
		must(t, act())
		info, err := os.Stat(node.PokeFile())
		must(t, err)
		return info.ModTime().Unix() > 1
	}
	if !poked(func() error { return node.Bless(testContext(t), "test") }) {
		t.Error("it is not woken by a blessing")
	}
	if !poked(func() error { return node.WithdrawBlessing(testContext(t)) }) {
		t.Error("it is not woken by the end of a blessing")
	}
}
