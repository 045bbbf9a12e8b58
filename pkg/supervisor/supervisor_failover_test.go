package supervisor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// newSlowPair returns a pair in which the northbound server of the active took long to read its
// file, and whose backup is known to be fresh.
func newSlowPair(t *testing.T) *pair {
	t.Helper()
	p := newPair(t)
	noteReadTime(t, p.active, "1000 10000000000")
	awaitBeat(t, p.active.Units[0])
	eventually(t, "the backup to be a fresh member", func() bool {
		record, err := p.active.Record(testContext(t))
		return err == nil && record.HasMember("node2") && strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " fresh")
	})
	return p
}

// noteReadTime notes how many bytes the northbound server of a node has read in which time, in ns.
func noteReadTime(t *testing.T, node *control.Controller, measured string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(node.RunDir, node.Units[0].Name()+".read-time"), []byte(measured), 0o600))
}

func TestSupervisedActiveWhoseFileIsReadQuickerThanTheRoleMovesAndCopiedMoreSlowlyLeavesTheRole(t *testing.T) {
	t.Parallel()
	p := newSlowPair(t)
	u := p.active.Units[0]
	info, err := os.Stat(u.Files.Database)
	must(t, err)
	noteReadTime(t, p.active, fmt.Sprintf("%d 1500000000", info.Size())) // 1.5 s, and 3 s for a copy
	controltest.Kill(t, u)
	eventually(t, "the role to be left", func() bool { return p.Score("node1") == "-INFINITY" })
}

func TestSupervisedActiveThatDiesWithALargeFileLeavesTheRoleToTheFreshBackup(t *testing.T) {
	t.Parallel()
	p := newSlowPair(t)
	u := p.active.Units[0]
	nodes := replication.Participants{Nodes: []string{"node1", "node2"}}
	before := marker(t, u)
	controltest.Kill(t, u)
	eventually(t, "the role to be left", func() bool { return p.Score("node1") == "-INFINITY" })
	if pid, err := u.Running(); err != nil || pid != 0 {
		t.Errorf("the server runs as process %d (%v), and its file is not final", pid, err)
	}
	must(t, p.active.Demote(testContext(t)))
	record, err := p.backup.Record(testContext(t))
	must(t, err)
	if end := record.End[u.Name()]; end.TermID != before.TermID || end.Progress.Beat < before.Beat {
		t.Errorf("the record says that the data ended at %s, and beat %d was seen", record.End, before.Beat)
	}
	must(t, p.backup.HoldElection(testContext(t), nodes))
	must(t, p.backup.Promote(testContext(t), nodes))
	if marker(t, p.backup.Units[0]).Term != before.Term+1 {
		t.Error("the backup leads no new term")
	}
	eventually(t, "the server that died to run again", func() bool {
		_, err := u.Server.SyncStatus(testContext(t))
		return err == nil
	})
	if writable(t, u) {
		t.Error("the server that died takes rows")
	}
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}

func TestSupervisedActiveThatDiesWithALargeFileIsRestartedInPlaceIfTheClusterDoesNotMoveTheRole(t *testing.T) {
	t.Parallel()
	p := newSlowPair(t)
	u, score := p.active.Units[0], p.Score("node1")
	controltest.Kill(t, u)
	eventually(t, "the role to be left", func() bool { return p.Score("node1") == "-INFINITY" })
	eventually(t, "the server to take rows again", func() bool { return writable(t, u) })
	if again := p.Score("node1"); again != score {
		t.Errorf("the promotion score is %q, want %q", again, score)
	}
}

func TestSupervisedActiveThatDiesWithALargeFileIsRestartedInPlaceIfNoBackupCanLead(t *testing.T) {
	t.Parallel()
	p := newSlowPair(t)
	p.SetUnable(map[string]string{"node2": "banned"})
	u, score := p.active.Units[0], p.Score("node1")
	controltest.Kill(t, u)
	eventually(t, "the server to take rows again", func() bool { return writable(t, u) })
	if again := p.Score("node1"); again != score {
		t.Errorf("the promotion score was lowered to %q", again)
	}
}
