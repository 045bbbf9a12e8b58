package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newReinitPair returns a cluster whose node2 leads with a row, and whose node1 follows it under a
// supervisor that works.
func newReinitPair(t *testing.T) supervised {
	t.Helper()
	s := newSupervisedBackup(t)
	s.signal(s.supervisor(), syscall.SIGCONT)
	s.role("node1", "Unpromoted")
	s.insert("node2", "a")
	s.await("node1", "a")
	return s
}

// From a fresh backup under its supervisor: the copy is shown, refused without --yes, done with it, and
// fresh; what was there is a snapshot.
func TestReinitCopiesABackupAgainAndSaysWhenItIsFresh(t *testing.T) {
	s := newReinitPair(t)
	refusal := s.tool("node1", exitUnconfirmed, "reinit")
	wantText(t, refusal.stdout, "Node node1 copies OVN_Northbound and OVN_Southbound again from node node2:", "snapshot", "nothing can take over from node node2")
	if list := s.tool("node1", exitHealthy, "snapshots", "list").stdout; strings.Contains(list, "reinit") {
		t.Errorf("without --yes a snapshot was taken: %s", list)
	}
	got := s.tool("node1", exitHealthy, "reinit", "node1", "--yes")
	wantText(t, got.stdout, "the databases of node node1 are fresh after ")
	wantText(t, s.tool("node1", exitHealthy, "snapshots", "list", "-o", "json").stdout, `"why": "reinit"`)
	if !s.has("node1", "a") {
		t.Error("node1 has lost the row")
	}
}

// From a supervisor that does nothing: the command ends in time, and the request is gone.
func TestReinitThatIsNotCarriedOutIsTakenBack(t *testing.T) {
	s := newReinitPair(t)
	s.becomes("the supervisor to be stopped without the action lock", s.stoppedUnlocked)
	got := s.tool("node1", exitDegraded, "reinit", "--yes", "--timeout", "2")
	wantText(t, got.stderr, "the supervisor has not copied OVN_Northbound, OVN_Southbound", "the request is taken back", "ovndb-servers events")
	left, err := filepath.Glob(string(s.stateFile("*.reinit")))
	if err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
	s.signal(s.supervisor(), syscall.SIGCONT)
}

func TestReinitIsRefusedWithTheReason(t *testing.T) {
	s := newReinitPair(t)
	for _, row := range []struct {
		node, text string
		code       int
		args       []string
	}{
		{"node2", "node node2 leads", exitDegraded, nil},
		{"node1", `the cluster has no node "node9"`, exitNoSuch, []string{"node9"}},
		{"node1", "this is node node1; on node node2: ovndb-servers reinit", exitDegraded, []string{"node2"}},
		{"node1", "name at most one node", exitUsage, []string{"node1", "node2"}},
	} {
		got := s.tool(row.node, row.code, append([]string{"reinit"}, row.args...)...)
		wantText(t, got.stderr, row.text)
	}
	if err := os.Remove(filepath.Join(s.values, "role", "node2")); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.tool("node1", exitDegraded, "reinit", "--yes").stderr, "no node to copy from")
	s.role("node2", "Promoted")
	s.agent("node1", "stop", 0)
	wantText(t, s.tool("node1", exitDegraded, "reinit", "--yes").stderr, "server here is absent")
}
