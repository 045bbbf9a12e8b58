//go:build integration

package integration_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// From a cluster whose resource runs on nodes of Pacemaker Remote alone: it comes up with their names in
// the record, and a planned move and the loss of the active's power lose no acknowledged row. The tool
// says the same on a remote node and on a node of the cluster.
func TestRemoteNodesRunTheResource(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.Nodes, config.Remotes = 3, 2
		config.FenceDir = t.TempDir()
	})
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	s.serveFencing()
	for _, db := range databases() {
		s.addWriter(db)
	}
	s.awaitMore(5)
	view, err := c.View(ctx)
	s.check(err)
	s.wantSameStatus(view.Promoted())

	first := view.Promoted()
	other := slices.DeleteFunc(c.InstanceNodes(), func(name string) bool { return name == first })[0]
	s.check(c.MovePromoted(ctx, other))
	s.awaitCluster("the role to move", cluster.All(cluster.PromotedOn(other), c.Settled()))
	s.check(c.ClearMoves(ctx))
	s.awaitMore(5)
	s.awaitFollowing(first)

	s.check(c.PowerOff(ctx, other))
	s.awaitCluster("the role to move back", cluster.PromotedOn(first))
	s.awaitMore(5)
	s.awaitCluster("the lost node to come back", c.Settled())
	s.awaitMore(5)
	for _, writer := range s.writers {
		writer.Stop()
	}
	s.wantRows(c.InstanceNodes()...)
	s.wantSameStatus(first)
}

// serveFencing has nodes switched off and on again for the cluster, until the test ends.
func (s *trial) serveFencing() {
	ctx, stop := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- s.ServeFencing(ctx, func(ctx context.Context, request cluster.FenceRequest) error {
			_ = s.PowerOff(ctx, request.Node) // which fails where it is off
			return s.PowerOn(ctx, request.Node)
		})
	}()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Error(err)
		}
	})
}

// awaitFollowing awaits that a backup has the rows that were acknowledged by now.
func (s *trial) awaitFollowing(node string) {
	s.t.Helper()
	for _, writer := range s.writers {
		owed := writer.AckedNames()
		s.await("the rows of "+node, func(ctx context.Context) error {
			present, err := s.NamesOn(ctx, node, writer.Database())
			if err == nil && len(ovsdb.Missing(owed, present)) > 0 {
				err = errors.New("rows are missing")
			}
			return err
		})
	}
}

// wantSameStatus checks that the tool shows the roles and scores of the nodes alike wherever it is asked, by
// which name each node calls itself, and that only the remote ones and the members of the cluster are shown.
func (s *trial) wantSameStatus(active string) {
	s.t.Helper()
	s.await("all nodes to be healthy", func(ctx context.Context) error {
		for _, node := range s.NodeNames() {
			if result, err := s.Exec(ctx, node, "ovndb-servers", "status"); err != nil || result.Code != exitSuccess {
				return errors.Join(err, errors.New(node+": "+result.String()))
			}
		}
		return nil
	})
	var first map[string]string
	for _, node := range s.NodeNames() {
		roles := s.rolesSeenOn(node)
		if first == nil {
			first = roles
		}
		if roles[active] != string(cluster.Promoted) || len(roles) != len(s.NodeNames()) || !maps.Equal(first, roles) {
			s.t.Errorf("status on %s: roles %v, elsewhere %v, promoted is %s", node, roles, first, active)
		}
	}
}

// rolesSeenOn returns the roles that the tool shows on a node, which has to know its own name and the
// scores of all that run the resource.
func (s *trial) rolesSeenOn(node string) map[string]string {
	s.t.Helper()
	_, got := s.status(node, exitSuccess)
	if got.Node != node {
		s.t.Errorf("status on %s says that it is %s", node, got.Node)
	}
	roles := map[string]string{}
	for _, n := range got.Cluster.Nodes {
		roles[n.Name] = n.Role
		if slices.Contains(s.InstanceNodes(), n.Name) && n.Score == nil {
			s.t.Errorf("status on %s: no promotion score of %s", node, n.Name)
		}
	}
	return roles
}
