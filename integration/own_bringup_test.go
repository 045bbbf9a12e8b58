//go:build integration

package integration_test

import (
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
)

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
