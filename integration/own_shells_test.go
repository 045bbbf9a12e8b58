//go:build integration

package integration_test

import (
	"testing"

	"ovndb-servers/integration/cluster"
)

// pcs and crmsh are there in a cluster that asks for them, and understand its
// configuration.
func TestShells(t *testing.T) {
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Shells, config.Nodes = true, 1 })
	node := c.NodeNames()[0]
	for _, command := range [][]string{{"pcs", "resource", "config"}, {"crm", "configure", "show"}} {
		if _, err := c.MustExec(ctx, node, command...); err != nil {
			t.Error(err)
		}
	}
}
