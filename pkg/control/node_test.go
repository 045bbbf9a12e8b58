package control_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test on the error of an action.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// status returns the sync-status of a unit's server.
func status(t *testing.T, u control.Unit) ovsdbctl.SyncStatus {
	t.Helper()
	s, err := u.Server.SyncStatus(testContext(t))
	must(t, err)
	return s
}

// wantHealth monitors a node and checks the verdict.
func wantHealth(t *testing.T, c *control.Controller, want replication.Health) replication.Verdict {
	t.Helper()
	v := c.Monitor(testContext(t), false)
	if v.Health != want {
		t.Fatalf("node %s is %q (%s), want %q", c.Node, v.Health, v.Reason(), want)
	}
	return v
}

// eventually awaits a condition that nothing announces.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx := testContext(t)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-ticker.C:
		}
	}
}

const (
	nb = "OVN_Northbound"
	sb = "OVN_Southbound"
)

// beat writes a beat into the databases of a promoted node whose rows have changed.
func beat(t *testing.T, c *control.Controller) {
	t.Helper()
	own, err := c.OwnTerm()
	must(t, err)
	must(t, c.Beat(testContext(t), *own, c.FileReaders()))
}

// updateMembers has a node that leads record the members that follow from the freshness of the others.
func updateMembers(t *testing.T, c *control.Controller, known map[string]replication.Freshness) {
	t.Helper()
	own, err := c.OwnTerm()
	must(t, err)
	must(t, c.UpdateMembers(testContext(t), *own, known))
}

// always lets listeners be opened.
func always() bool { return true }

// wantNoMember fails the test if a node, of which why says why it must not lead next, is a member of the term.
func wantNoMember(t *testing.T, c *control.Controller, node, why string) {
	t.Helper()
	record, err := c.Record(testContext(t))
	must(t, err)
	if record.HasMember(node) {
		t.Errorf("a node that %s may lead next: %s", why, record.String())
	}
}

// copyOf is a controller of the same node whose units can be changed.
func copyOf(c *control.Controller) *control.Controller {
	other := *c
	other.Units = slices.Clone(c.Units)
	return &other
}
