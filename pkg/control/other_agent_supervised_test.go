package control_test

import (
	"errors"
	"io/fs"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// From a node that another agent has promoted, where a notification comes before the first monitor, as when
// another node starts. A supervisor, which knows no term of this node, would make its servers read-only.
func TestNotificationStartsNoSupervisorOnANodeThatAnotherAgentHasPromoted(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	startsSupervisor := func(node *control.Controller) bool {
		node.Supervision.Program = "/nonexistent/ovndb-servers"
		defer func() { node.Supervision.Program = "" }()
		err := node.KeepSupervised(testContext(t))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		return err != nil
	}
	if startsSupervisor(s.active) {
		t.Error("a supervisor is started before the node leads a term")
	}
	if !startsSupervisor(s.backup) {
		t.Error("the backup gets no supervisor")
	}
	if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActiveDegraded {
		t.Fatalf("the first monitor says %q: %s", v.Health, v.Reason())
	}
	if !startsSupervisor(s.active) {
		t.Error("the node that leads a term gets no supervisor")
	}
}
