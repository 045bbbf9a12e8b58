//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// packagedSchemas is where the nodes of the test have the schemas of their package of OVN.
const packagedSchemas = "/var/tmp/packaged-schemas"

// From a cluster of an older OVN under writers: each node in turn gets the newer one, whose northbound
// schema can be replicated neither from the older one nor to it. No acknowledged row is lost, the databases
// keep the older schema until the last node is done, and all have the newer one then.
func TestUpgradeOfOVNNodeByNodeLosesNothing(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	newest := s.exec(s.NodeNames()[0], "ovsdb-tool", "schema-version", "/usr/share/ovn/ovn-nb.ovsschema")
	older := s.installOlder()
	active, others := s.promoted()
	for i, node := range append(others, active) {
		s.awaitMore(20)
		s.check(s.Standby(s.ctx, node))
		s.awaitCluster("the node to leave", s.SettledOn(s.without(node)...))
		s.exec(node, "cp", "/usr/share/ovn/ovn-nb.ovsschema", packagedSchemas)
		s.awaitSchema(older, s.without(node)...)
		s.check(s.Unstandby(s.ctx, node))
		s.awaitCluster("the node to come back", s.Settled())
		if i < len(others) {
			awaitReplication(s.ctx, t, s.Cluster)
		}
	}
	s.awaitSchema(newest, s.NodeNames()...)
	awaitReplication(s.ctx, t, s.Cluster)
	s.end()
}

// installOlder stops the resource, gives all nodes the schemas and the files of an older OVN, and starts it
// again. It returns the version of the northbound schema. The test undoes it when it ends.
func (s *trial) installOlder() string {
	s.t.Helper()
	nb := ovsdb.Northbound()
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			if err := s.SetParameter(ctx, cluster.Resource, "ovn_schemadir", ""); err != nil {
				return err
			}
			return errors.Join(s.AwaitIdle(ctx), s.Await(ctx, "the cluster to settle", s.Settled()))
		})
	})
	version := ""
	s.restart(func() {
		for _, node := range s.NodeNames() {
			schema, err := olderSchema(s.exec(node, "cat", "/usr/share/ovn/ovn-nb.ovsschema"))
			s.check(err)
			s.exec(node, "rm", "-rf", packagedSchemas)
			s.exec(node, "cp", "-r", "/usr/share/ovn", packagedSchemas)
			s.check(s.WriteFile(s.ctx, node, packagedSchemas+"/ovn-nb.ovsschema", 0o644, schema))
			s.exec(node, "ovsdb-tool", "convert", nb.File, packagedSchemas+"/ovn-nb.ovsschema")
			version = s.exec(node, "ovsdb-tool", "db-version", nb.File)
		}
		s.check(s.SetParameter(s.ctx, cluster.Resource, "ovn_schemadir", packagedSchemas))
	})
	s.awaitSchema(version, s.NodeNames()...)
	return version
}

// awaitSchema awaits that the northbound servers of nodes have a version of the schema.
func (s *trial) awaitSchema(want string, nodes ...string) {
	s.t.Helper()
	for _, node := range nodes {
		s.await("the schema of "+node, func(ctx context.Context) error {
			got, err := s.MustExec(ctx, node, "ovsdb-client", "--timeout=5", "get-schema-version", "unix:"+ovsdb.Northbound().Socket, "OVN_Northbound")
			if err == nil && got != want {
				err = fmt.Errorf("%s has %s, want %s", node, got, want)
			}
			return err
		})
	}
}
