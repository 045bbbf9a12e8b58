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

// The other order of virtual IP and promotion comes up as well, and follows the
// promoted role when its node goes into standby.
func TestBringUpVIPFirst(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Order = cluster.VIPThenPromote })
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := view.Promoted()
	if err := c.Standby(ctx, before); err != nil {
		t.Fatal(err)
	}
	rest := slices.DeleteFunc(c.NodeNames(), func(name string) bool { return name == before })
	if err := c.Await(ctx, "the role to move", cluster.All(cluster.PromotedElsewhere(before), c.SettledOn(rest...))); err != nil {
		t.Fatal(err)
	}
	if err := c.Unstandby(ctx, before); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx, "the node to come back", c.Settled()); err != nil {
		t.Fatal(err)
	}
}
