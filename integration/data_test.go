//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// needServers skips a test that writes rows if the resource's agent runs no
// servers.
func needServers(t *testing.T) {
	t.Helper()
	if suite.config.Agent != cluster.OVNAgent {
		t.Skip("the agent runs no servers")
	}
}

// A row that is written through the virtual IP appears on every node.
func TestRowOnEveryNode(t *testing.T) {
	needServers(t)
	ctx, c := sharedCluster(t)
	for _, db := range []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()} {
		const name = "row-on-every-node"
		if err := c.Insert(ctx, db, name); err != nil {
			t.Fatalf("%s: %v", db.Name, err)
		}
		for _, node := range c.NodeNames() {
			err := c.AwaitThat(ctx, "the row on "+node, func(ctx context.Context) error {
				names, err := c.NamesOn(ctx, node, db)
				if err == nil && !slices.Contains(names, name) {
					return fmt.Errorf("%s: not among %d rows", db.Name, len(names))
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}
