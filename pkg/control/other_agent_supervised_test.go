package control_test

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

// From a node that another agent has promoted, where a notification comes before the first monitor, as when
// another node starts. A supervisor, which knows no term of this node, would make its servers read-only.
func TestNotificationStartsNoSupervisorOnANodeThatAnotherAgentHasPromoted(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	if startsSupervisor(t, s.active) {
		t.Error("a supervisor is started before the node leads a term")
	}
	if !startsSupervisor(t, s.backup) {
		t.Error("the backup gets no supervisor")
	}
	if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActiveDegraded {
		t.Fatalf("the first monitor says %q: %s", v.Health, v.Reason())
	}
	if !startsSupervisor(t, s.active) {
		t.Error("the node that leads a term gets no supervisor")
	}
}
