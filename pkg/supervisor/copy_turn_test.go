package supervisor_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/supervisor"
)

// promotion is node1, just promoted, with the backups node2 and node3, which do not follow yet.
type promotion struct {
	*controltest.Cluster

	promoted, first, second *control.Controller
	sources                 []string
}

// newPromotion returns three nodes, prepared before they are started. Clients are let in if served says so.
func newPromotion(t *testing.T, served bool, prepare ...func(*control.Controller)) promotion {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	names := []string{"node1", "node2", "node3"}
	nodes := make([]*control.Controller, len(names))
	for i, name := range names {
		nodes[i] = controltest.NewNode(t, c, name, "127.0.0."+name[len("node"):], ports)
		if !served && i > 0 {
			nodes[i].Listening.MasterIP = netip.MustParseAddr("127.0.0.8") // no server listens there
		}
		for _, f := range prepare {
			f(nodes[i])
		}
		must(t, nodes[i].Start(testContext(t)))
	}
	must(t, nodes[0].Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	p := promotion{Cluster: c, promoted: nodes[0], first: nodes[1], second: nodes[2]}
	for _, u := range nodes[0].Units {
		p.sources = append(p.sources, u.Endpoint.Source(nodes[0].Listening.NodeAddress))
	}
	return p
}

// supervise runs the supervisor of a backup whose database counts as large.
func (p promotion) supervise(t *testing.T, backup *control.Controller, delay time.Duration) {
	t.Helper()
	run(t, supervisor.Supervisor{Controller: backup, Log: backup.Log, BeatInterval: time.Second, CopyDelay: delay, LargeFile: 1})
}

// pointed reports whether one of a backup's servers is pointed at the promoted node.
func (p promotion) pointed(t *testing.T, backup *control.Controller) bool {
	t.Helper()
	for i, u := range backup.Units {
		if status(t, u).Follows(p.sources[i]) {
			return true
		}
	}
	return false
}

func (p promotion) fresh(backup *control.Controller) bool {
	return strings.HasSuffix(p.Said(control.TopicFreshness, backup.Node), " fresh")
}

func TestSecondBackupDoesNotCopyWhileTheFirstDoesAndCopiesOnceThatIsFresh(t *testing.T) {
	t.Parallel()
	p := newPromotion(t, true)
	p.supervise(t, p.second, time.Minute)
	eventually(t, "the second backup to have learnt of the promotion", func() bool { return waits(t, p.second) })
	p.supervise(t, p.first, time.Minute)
	eventually(t, "the first backup to be fresh", func() bool {
		early := p.pointed(t, p.second)
		if fresh := p.fresh(p.first); early && !fresh && !p.fresh(p.first) {
			t.Fatal("the second backup copies while the first does")
		}
		return p.fresh(p.first)
	})
	eventually(t, "the second backup to copy", func() bool { return p.fresh(p.second) })
}

// waits reports whether a backup's supervisor has seen the promotion, and takes no node for
// promoted as yet.
func waits(t *testing.T, backup *control.Controller) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(backup.RunDir, "supervisor.json"))
	if err != nil {
		return false
	}
	var state control.SupervisorState
	must(t, json.Unmarshal(text, &state))
	return state.Record != "" && state.Leader.Node == ""
}

func TestFirstBackupCopiesAfterTheDelayThoughNoClientIsLetIn(t *testing.T) {
	t.Parallel()
	p := newPromotion(t, false)
	const delay = 2 * time.Second
	began := time.Now()
	p.supervise(t, p.first, delay)
	eventually(t, "the first backup to copy", func() bool { return p.pointed(t, p.first) })
	if waited := time.Since(began); waited < delay {
		t.Errorf("it began to copy after %s, though no client was let in", waited)
	}
}

func TestSecondBackupCopiesAfterTwoDelaysIfTheFirstDiesInItsCopy(t *testing.T) {
	t.Parallel()
	p := newPromotion(t, true)
	u := p.first.Units[0]
	must(t, u.Server.Follow(testContext(t), p.sources[0], time.Minute))
	controltest.Kill(t, u)
	const delay = 2 * time.Second
	began := time.Now()
	p.supervise(t, p.second, delay)
	eventually(t, "the second backup to copy", func() bool { return p.pointed(t, p.second) })
	if waited := time.Since(began); waited < 2*delay {
		t.Errorf("it began to copy after %s, though the first has no copy", waited)
	}
	for i, u := range p.second.Units {
		eventually(t, "the second backup to replicate", func() bool {
			return status(t, u).Link == ovsdbctl.LinkReplicating && status(t, u).Source == p.sources[i]
		})
	}
}

// From two backups of a node that converts its databases: the second does not copy while the first does, and
// copies once that is fresh.
func TestBackupsCopyInTurnAfterAConversion(t *testing.T) {
	t.Parallel()
	p := newPromotion(t, true, func(c *control.Controller) { controltest.UseOlderSchemas(t, c) })
	backups := []*control.Controller{p.first, p.second}
	for _, backup := range backups {
		p.supervise(t, backup, time.Minute)
	}
	for _, backup := range backups {
		eventually(t, backup.Node+" to be fresh", func() bool { return p.fresh(backup) })
	}
	for _, node := range append(backups, p.promoted) {
		controltest.UseInstalledSchemas(t, node)
		must(t, node.PublishSchemas(testContext(t), nil))
	}
	plan, err := p.promoted.PlanUpgrade(testContext(t))
	must(t, err)
	must(t, p.promoted.UpgradeSchemas(testContext(t), plan))
	copied := func(backup *control.Controller) bool {
		return status(t, backup.Units[0]).Follows(p.sources[0]) && controltest.SchemaVersion(t, backup.Units[0]) != controltest.OlderSchema
	}
	eventually(t, "the second backup to copy", func() bool {
		begun := copied(p.second)
		if begun && (!copied(p.first) || !p.fresh(p.first)) {
			t.Fatal("the second backup copies before the first has")
		}
		return begun && p.fresh(p.second)
	})
}
