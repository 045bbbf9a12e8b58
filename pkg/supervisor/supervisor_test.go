package supervisor_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
)

func TestSupervisedActiveWhoseServersDieIsActiveAgainInItsTerm(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	record, err := p.active.Cluster.Record(testContext(t))
	must(t, err)
	for _, u := range p.active.Units {
		controltest.Kill(t, u)
	}
	for _, u := range p.active.Units {
		eventually(t, u.Name()+" to take rows again", func() bool { return writable(t, u) })
	}
	if again, err := p.active.Cluster.Record(testContext(t)); err != nil || again != record {
		t.Errorf("the record is %q (%v), want the old one, %q", again, err, record)
	}
	for i, u := range p.backup.Units {
		eventually(t, "the backup to replicate again", func() bool {
			return status(t, u).Link == ovsdbctl.LinkReplicating && status(t, u).Source == p.source(i)
		})
	}
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}

func TestSupervisedActiveThatDiesWhenItsTermIsOverStaysReadOnly(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.stop[0]()
	must(t, p.Fix(replication.Record{Term: 2, TermID: "another", Node: "node2"}.String()))
	controltest.Kill(t, p.active.Units[0])
	supervise(t, p.active, p.changed[0])
	eventually(t, "the server that lived on to be read-only", func() bool { return !writable(t, p.active.Units[1]) })
	eventually(t, "the server that died to run again", func() bool {
		_, err := p.active.Units[0].Server.SyncStatus(testContext(t))
		return err == nil
	})
	if writable(t, p.active.Units[0]) {
		t.Error("the server that died is writable")
	}
	eventually(t, "the promotion score to be withdrawn", func() bool { return p.Score("node1") == "" })
}

// The file of an active server is replaced by an earlier copy while the server runs, which
// does not notice. When it dies, the backup has rows that the file has not.
func TestSupervisedActiveThatDiesAndWhoseFileHasLostRowsStaysReadOnlyAndTheClusterIsTold(t *testing.T) {
	t.Parallel()
	for name, replaced := range map[string]bool{"the supervisor goes on": false, "the supervisor is replaced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			u := p.active.Units[0]
			earlier, err := os.ReadFile(u.Files.Database)
			must(t, err)
			for range 3 { // the supervisor looks between two beats
				awaitBeat(t, u)
			}
			if replaced {
				p.stop[0]()
			}
			must(t, os.WriteFile(u.Files.Database+".earlier", earlier, 0o640))
			must(t, os.Rename(u.Files.Database+".earlier", u.Files.Database))
			controltest.Kill(t, u)
			if replaced {
				supervise(t, p.active, p.changed[0])
			}
			eventually(t, "the failure to be reported", func() bool { return len(p.Failed()) > 0 })
			if writable(t, u) {
				t.Error("the server takes rows")
			}
		})
	}
}

func TestSupervisedActiveThatDiesWhileTheRecordCannotBeReadIsActiveAgainOnceItCan(t *testing.T) {
	t.Parallel()
	p, cluster := newMutePair(t)
	supervise(t, p.active, p.changed[0])
	cluster.silent.Store(true)
	u := p.active.Units[0]
	controltest.Kill(t, u)
	eventually(t, "the server to run", func() bool {
		_, err := u.Server.SyncStatus(testContext(t))
		return err == nil
	})
	if writable(t, u) {
		t.Error("the server is active though the current term is unknown")
	}
	cluster.silent.Store(false)
	eventually(t, "the server to take rows again", func() bool { return writable(t, u) })
}

// A run directory that was cleaned says nothing about the server, which holds its database.
func TestSupervisedActiveWithoutPidfileRunsOnAndIsRestartedWhenItDies(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	u := p.active.Units[0]
	pid, err := u.Running()
	must(t, err)
	must(t, os.Remove(u.Files.Pidfile))
	supervise(t, p.active, p.changed[0])
	awaitBeat(t, u)
	if still, err := u.Running(); err != nil || still != pid {
		t.Fatalf("the server is process %d (%v), want %d still", still, err, pid)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	processtest.AwaitEnd(t, pid)
	eventually(t, "the server to take rows again", func() bool { return writable(t, u) })
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}

func TestSupervisedBackupThatDiesFollowsAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, u := range p.backup.Units {
		controltest.Kill(t, u)
	}
	for i, u := range p.backup.Units {
		eventually(t, u.Name()+" to replicate again", func() bool {
			s, err := u.Server.SyncStatus(testContext(t))
			return err == nil && s.Link == ovsdbctl.LinkReplicating && s.Source == p.source(i)
		})
	}
}

func TestSupervisedServerThatDiesAgainAndAgainIsLeftToTheCluster(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	u := p.backup.Units[0]
	for len(p.Failed()) == 0 {
		eventually(t, "the server to run, or the failure to be reported", func() bool {
			_, err := process.Pidfile(u.Files.Pidfile).Owner()
			return err == nil || len(p.Failed()) > 0
		})
		if len(p.Failed()) == 0 {
			controltest.Kill(t, u)
		}
	}
	if failed := p.Failed()[0]; failed != "node2" {
		t.Errorf("the failure of node %s was reported", failed)
	}
	if _, err := process.Pidfile(u.Files.Pidfile).Owner(); err == nil {
		t.Error("the server was started once more")
	}
}

func TestSupervisedBackupThatTurnsActiveByItselfFollowsAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	u := p.backup.Units[0]
	must(t, u.Server.Activate(testContext(t)))
	eventually(t, "the server to replicate again", func() bool {
		s := status(t, u)
		return s.Role == ovsdbctl.RoleBackup && s.Link == ovsdbctl.LinkReplicating && s.Source == p.source(0)
	})
}

func TestSupervisedBackupThatWasParkedFollowsAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, u := range p.backup.Units {
		must(t, u.Server.Follow(testContext(t), u.Endpoint.Parking(), time.Minute))
	}
	for i, u := range p.backup.Units {
		eventually(t, u.Name()+" to follow", func() bool { return status(t, u).Source == p.source(i) })
	}
}

func TestSupervisedActiveIsReadOnlyAsSoonAsTheRecordSaysThatItsTermIsOver(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.stop[1]() // it would follow, and find the source's term over
	p.endTerm(t)
	eventually(t, "the promotion score to be withdrawn", func() bool { return p.Score("node1") == "" })
}

func TestSupervisorKnowsTheTermThatItsNodeWasJustPromotedForThoughTheClusterIsSilent(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	supervised := *node
	cluster := &mute{Cluster: node.Cluster}
	supervised.Cluster = cluster
	changed := make(chan struct{}, 1)
	supervise(t, &supervised, changed)
	eventually(t, "the supervisor to have asked", func() bool { return cluster.asked.Load() > 0 })
	cluster.silent.Store(true)
	must(t, node.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	changed <- struct{}{}
	for range 2 { // it writes beats in a term that it knows
		awaitBeat(t, node.Units[0])
	}
}

func TestSupervisedBackupThatCannotReachTheActiveIsStaleUntilItCan(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	following := replication.ScoreFollowing.String()
	eventually(t, "the backup to have its score", func() bool { return p.Score("node2") == following })
	p.freshness(t, "fresh")
	p.stop[0]() // it would open the listeners again
	must(t, p.active.CloseListeners(testContext(t)))
	p.freshness(t, "behind")
	// If the active has died, another score would only delay the promotion of a backup.
	if score := p.Score("node2"); score != following {
		t.Errorf("the score is %s while the active cannot be reached, want %s", score, following)
	}
	own, err := p.active.OwnTerm()
	must(t, err)
	if opened, err := p.active.OpenListeners(testContext(t), *own, func() bool { return true }); !opened || err != nil {
		t.Fatalf("the listeners were not opened: %v", err)
	}
	eventually(t, "the backup to be fresh", func() bool { return p.Score("node2") == following })
	p.freshness(t, "fresh")
}

// From a backup at rest whose score an operator has deleted. Nothing announces that; when the active is gone, it
// stands for promotion all the same.
func TestSupervisedBackupThatHasLostItsScoreStandsForPromotionOnceTheActiveIsGone(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	supervise(t, p.backup, p.changed[1])
	eventually(t, "the backup to have its score", func() bool { return p.Score("node2") == replication.ScoreFollowing.String() })
	must(t, p.backup.Cluster.ClearScore(testContext(t)))
	must(t, p.active.Demote(testContext(t)))
	p.changed[1] <- struct{}{}
	eventually(t, "the backup to have a score", func() bool { return p.Score("node2") != "" })
}

// A session over a network that is cut off does not end by itself.
func TestSupervisedBackupWhoseActiveIsSilentIsStale(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.freshness(t, "fresh")
	p.stop[0]()
	for _, u := range p.active.Units {
		pid := controltest.PID(t, u)
		must(t, syscall.Kill(pid, syscall.SIGSTOP))
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	}
	p.freshness(t, "behind")
}

func TestSupervisedServerThatIsStoppedByASignalIsReportedToTheCluster(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	pid, err := process.Pidfile(p.active.Units[0].Files.Pidfile).Owner()
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	eventually(t, "the failure to be reported", func() bool { return len(p.Failed()) > 0 })
	if _, err := process.Pidfile(p.active.Units[0].Files.Pidfile).Owner(); err != nil {
		t.Errorf("the server that is stopped was touched: %v", err)
	}
}

func TestSupervisedFilesHaveBeenReadBeforeAnActionHasTo(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	var checkpoints []string
	for _, node := range []*control.Controller{p.active, p.backup} {
		for _, u := range node.Units {
			checkpoint := filepath.Join(node.RunDir, u.Name()+".position")
			_ = os.Remove(checkpoint) // there may be none yet
			checkpoints = append(checkpoints, checkpoint)
		}
	}
	for _, checkpoint := range checkpoints {
		eventually(t, checkpoint+" to be there", func() bool {
			_, err := os.Stat(checkpoint)
			return err == nil
		})
	}
}

func TestSupervisorThatEndsLeavesTheServersAsTheyAre(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	before := controltest.PIDs(t, p.active)
	p.stop[0]()
	if after := controltest.PIDs(t, p.active); after != before {
		t.Errorf("the servers were %v and are %v", before, after)
	}
	if !writable(t, p.active.Units[0]) {
		t.Error("the active server is not active any more")
	}
}

func TestSupervisorOpensTheListenersThatOneBeforeItHadClosed(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	u := p.active.Units[0]
	endpoint := u.Endpoint.Source(p.active.Listening.NodeAddress)
	eventually(t, "the active to serve", func() bool { return reachable(t, endpoint, u) })
	p.stop[0]()
	must(t, p.active.CloseListeners(testContext(t)))
	if reachable(t, endpoint, u) {
		t.Fatal("the active serves though its listeners are closed")
	}
	supervise(t, p.active, nil)
	eventually(t, "the active to serve again", func() bool { return reachable(t, endpoint, u) })
}

// The server dies while an action is under way that takes longer than a restart may, as the keeper of the members
// does while the CIB takes no change. Outcome: the server is restarted after it, and no failure is reported.
func TestSupervisedActiveThatDiesDuringALongActionIsRestartedAfterIt(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	endAction := controltest.BeginAction(t, p.active)
	u := p.active.Units[0]
	controltest.Kill(t, u)
	<-time.After(7 * time.Second) // one more than an active server has
	endAction()
	eventually(t, "the server to be active again", func() bool { return writable(t, u) })
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("the failure of %q was reported", failed)
	}
}
