//go:build integration

package integration_test

import (
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
)

// The cluster comes up with one promoted instance, the others unpromoted, and the
// virtual IP with the promoted one, without any failed action.
func TestBringUp(t *testing.T) {
	ctx, c := sharedCluster(t)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Settled()(view); err != nil {
		t.Errorf("%v: %s", err, view)
	}
	if len(view.Failures) > 0 {
		t.Errorf("failed actions: %s", view)
	}
	if got := view.In(cluster.Unpromoted); len(got) != len(c.Nodes())-1 {
		t.Errorf("unpromoted on %v: %s", got, view)
	}
}

// All nodes see the same.
func TestNodesAgree(t *testing.T) {
	ctx, c := sharedCluster(t)
	var promoted []string
	for _, node := range c.NodeNames() {
		view, err := c.ViewFrom(ctx, node)
		if err != nil {
			t.Fatal(err)
		}
		promoted = append(promoted, view.Promoted())
	}
	if len(slices.Compact(promoted)) != 1 {
		t.Errorf("promoted, as the nodes see it: %v", promoted)
	}
}
