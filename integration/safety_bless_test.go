//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// A node that missed a promotion is alone, and does not lead. An operator blesses its
// data: it leads. The rows that only the others had are in their snapshots when they
// follow, and the tools show them.
func TestSafetyBlessedNodeLeads(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := sharedCluster(t)
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	active, others := s.promoted()
	left, next := others[0], others[1]
	s.insertEverywhere(active, "before")
	s.check(s.Standby(ctx, left))
	s.awaitCluster("the node to leave", s.SettledOn(active, next))
	s.check(s.Standby(ctx, active))
	s.awaitCluster("another node to lead", s.SettledOn(next))
	later := s.insertEverywhere(next, "later")
	s.check(s.Standby(ctx, next))
	s.check(s.Unstandby(ctx, left))
	s.awaitTool(left, "the node to be refused", "may not lead", "status")
	s.check(s.AwaitIdle(ctx))
	if view, err := s.View(ctx); err != nil || view.Promoted() != "" {
		t.Fatalf("promoted is %s, %v", view.Promoted(), err)
	}
	s.awaitTool(left, "what it costs", "--yes", "bless", "--reason", "later is not wanted")
	s.exec(left, "ovndb-servers", "bless", "--reason", "later is not wanted", "--yes")
	s.awaitCluster("the blessed node to lead", s.SettledOn(left))
	s.check(s.Unstandby(ctx, active))
	s.check(s.Unstandby(ctx, next))
	s.awaitCluster("all nodes to come back", cluster.All(s.Settled(), cluster.PromotedOn(left)))
	s.wantKept(next, later)
	for _, e := range later {
		for _, node := range s.NodeNames() {
			names, err := s.NamesOn(ctx, node, e.db)
			s.check(err)
			if !slices.Contains(names, "before") || slices.Contains(names, "later") {
				t.Errorf("%s on %s has %v", e.db.Name, node, names)
			}
		}
	}
	s.awaitTool(left, "the operator's reason in the record", "blessed: later is not wanted", "status")
	name := strings.Fields(s.awaitTool(next, "the snapshots", "OVN_Northbound.", "snapshots", "list"))
	i := slices.IndexFunc(name, func(word string) bool { return strings.HasPrefix(word, "OVN_Northbound.") })
	s.awaitTool(next, "the row in the snapshot", `name: "later"`, "snapshots", "show", name[i])
}

// insertEverywhere inserts a row into each database of an active node, and awaits it on
// all nodes whose servers run.
func (s *trial) insertEverywhere(node, name string) []extra {
	s.t.Helper()
	var all []extra
	for _, db := range databases() {
		s.check(s.InsertOn(s.ctx, node, db, name))
		all = append(all, extra{db: db, names: []string{name}})
		view, err := s.View(s.ctx)
		s.check(err)
		for _, backup := range view.In(cluster.Unpromoted) {
			s.await("the row on "+backup, func(ctx context.Context) error {
				return hasRows(ctx, s.Cluster, backup, db, []string{name})
			})
		}
	}
	return all
}

// awaitTool runs the tool on a node until it prints a text, and returns all it prints.
func (s *trial) awaitTool(node, what, text string, args ...string) string {
	s.t.Helper()
	printed := ""
	s.await(what, func(ctx context.Context) error {
		result, err := s.Exec(ctx, node, append([]string{"ovndb-servers"}, args...)...)
		if err != nil {
			return err
		}
		if printed = result.Stdout + result.Stderr; !strings.Contains(printed, text) {
			return fmt.Errorf("%v prints %s", args, result)
		}
		return nil
	})
	return printed
}
