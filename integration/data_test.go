//go:build integration

package integration_test

import (
	"testing"

	"ovndb-servers/integration/cluster"
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
	for _, db := range databases() {
		const name = "row-on-every-node"
		if err := c.Insert(ctx, db, name); err != nil {
			t.Fatalf("%s: %v", db.Name, err)
		}
		awaitRows(ctx, t, c, db, []string{name})
	}
}
