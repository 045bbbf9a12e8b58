//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// From an active node under writers: an operator deletes all Connection rows of both databases there, and
// later puts one for any address in their place. Clients and backups connect again each time, the
// operator's row stays when the role moves, and its deletion brings the agent's rows back. The role
// moves when it is asked to and not before. No acknowledged row is lost (R2).
func TestSafetyConnectionRowsChangedByAnOperator(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	active, _ := s.promoted()
	s.changeConnections("del-connection")
	s.goesOn(active)
	s.wantConnections(active, s.VIP().String(), s.addressOf(active))

	s.changeConnections("set-connection")
	s.goesOn(active)
	s.wantConnections(active, "")
	s.switchOver()
	next, _ := s.promoted()
	s.goesOn(next)
	s.wantConnections(next, "")

	s.changeConnections("del-connection")
	s.goesOn(next)
	s.wantConnections(next, s.VIP().String(), s.addressOf(next))
	s.end()
}

// operate runs a command of ovn-nbctl or ovn-sbctl at the socket of a node's own server.
func (h hand) operate(node string, db ovsdb.Database, command ...string) string {
	h.t.Helper()
	program := "ovn-nbctl"
	if db.Name == ovsdb.Southbound().Name {
		program = "ovn-sbctl"
	}
	return h.exec(node, append([]string{program, "--timeout=10", "--db=unix:" + db.Socket}, command...)...)
}

// changeConnections deletes the Connection rows of both databases on the promoted node, or replaces them
// by one for any address.
func (s *trial) changeConnections(command string) {
	s.t.Helper()
	active, _ := s.promoted()
	for _, db := range databases() {
		words := []string{command}
		if command == "set-connection" {
			words = append(words, "ptcp:"+db.Port)
		}
		s.operate(active, db, words...)
	}
}

// goesOn awaits rows of all writers and backups that follow. A node must lead as before, without a failure.
func (s *trial) goesOn(leads string) {
	s.t.Helper()
	s.awaitMore(20)
	awaitReplication(s.ctx, s.t, s.Cluster)
	view, err := s.View(s.ctx)
	s.check(err)
	if failures := s.failures(); view.Promoted() != leads || len(failures) > 0 {
		s.t.Errorf("%s led, and %s does; failures: %q", leads, view.Promoted(), failures)
	}
}

// wantConnections awaits that the Connection rows of both databases on the promoted node are for these
// addresses, where an empty one is any.
func (s *trial) wantConnections(active string, addresses ...string) {
	s.t.Helper()
	for _, db := range databases() {
		var want []string
		for _, address := range addresses {
			want = append(want, strings.TrimSuffix("ptcp:"+db.Port+":"+address, ":"))
		}
		slices.Sort(want)
		s.await(fmt.Sprintf("the rows %q in %s", want, db.Name), func(context.Context) error {
			// ovn-sbctl prints the role and whether the row is read-only before each.
			found := slices.DeleteFunc(strings.Fields(s.operate(active, db, "get-connection")), func(word string) bool {
				return !strings.HasPrefix(word, "ptcp:")
			})
			if slices.Sort(found); !slices.Equal(found, want) {
				return errors.New(strings.Join(found, ", "))
			}
			return nil
		})
	}
}
