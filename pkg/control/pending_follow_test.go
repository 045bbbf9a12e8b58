package control_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"ovndb-servers/pkg/control"
)

// newPendingFollow returns a backup that still has another source than node1, which was promoted, and
// whose supervisor has been left to follow that; and the action lock, which a restart in place holds.
func newPendingFollow(t *testing.T) (backup *control.Controller, restart *flock.Flock) {
	t.Helper()
	backup = newLedTrio(t).nodes[1]
	for _, u := range backup.Units {
		must(t, u.Server.Follow(testContext(t), u.Endpoint.Parking(), backup.Listening.ReplicationProbe))
	}
	holdSupervisorPidfile(t, backup)
	must(t, backup.SaveSupervisorState(control.SupervisorState{}))
	must(t, backup.RequestFollow(testContext(t), "node1"))
	restart = flock.New(filepath.Join(backup.RunDir, "lock"))
	must(t, restart.RLock())
	return backup, restart
}

func TestFollowThatIsPendingWhileAServerIsRestartedWaitsForNothingAndIsDoneAfterwards(t *testing.T) {
	t.Parallel()
	backup, restart := newPendingFollow(t)
	leader, ok, err := backup.FollowPending(testContext(t), false)
	if leader.Node != "" || ok || err != nil {
		t.Fatalf("node %q is followed: %v, %v", leader.Node, ok, err)
	}
	if _, err := os.Stat(filepath.Join(backup.RunDir, "follow")); err != nil {
		t.Fatalf("the note is gone: %v", err)
	}
	must(t, restart.Unlock())
	leader, ok, err = backup.FollowPending(testContext(t), false)
	if leader.Node != "node1" || !ok || err != nil {
		t.Fatalf("node %q is followed: %v, %v; want node1", leader.Node, ok, err)
	}
	for _, u := range backup.Units {
		status, err := u.Server.SyncStatus(testContext(t))
		if must(t, err); !status.Follows(leader.Sources[u.Name()]) {
			t.Errorf("%s follows %s, want %s", u.Name(), status.Source, leader.Sources[u.Name()])
		}
	}
}

func TestTurnToCopyThatComesWhileAServerIsRestartedWaitsForNothing(t *testing.T) {
	t.Parallel()
	backup, restart := newPendingFollow(t)
	if ok, err := backup.TryFollow(testContext(t), "node1"); ok || err != nil {
		t.Fatalf("node1 is followed: %v, %v", ok, err)
	}
	must(t, restart.Unlock())
	if ok, err := backup.TryFollow(testContext(t), "node1"); !ok || err != nil {
		t.Fatalf("node1 is followed: %v, %v", ok, err)
	}
}
