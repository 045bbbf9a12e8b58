package control_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// swapped is a cluster that another agent has run until now: its first node is promoted and serves
// the virtual address, its second is a backup of that address.
type swapped struct {
	*controltest.Cluster
	active, backup *control.Controller
}

func newSwapped(t *testing.T) swapped {
	t.Helper()
	return newSwappedFrom(t, startAsOVN)
}

// newSwappedFrom is newSwapped with servers that start has started.
func newSwappedFrom(t *testing.T, start func(*testing.T, control.Unit)) swapped {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	s := swapped{
		Cluster: c,
		active:  controltest.NewNode(t, c, "node1", "127.0.0.1", ports),
		backup:  controltest.NewNode(t, c, "node2", "127.0.0.2", ports),
	}
	s.backup.Holds = func(address netip.Addr) bool { return address.String() == "127.0.0.2" }
	for _, node := range []*control.Controller{s.active, s.backup} {
		must(t, node.Layout.Prepare(node.Owner))
		for _, u := range node.Units {
			start(t, u)
		}
	}
	for _, u := range s.active.Units {
		transactOn(t, u, fmt.Sprintf(`[%q,{"op":"insert","table":%q,"row":{}}]`, u.Name(), u.Server.Database.GlobalTable))
		setConnection(t, u, `{"target":"`+u.Endpoint.Listener(s.active.Listening.MasterIP)+`","inactivity_probe":5000}`)
	}
	insert(t, s.active, "a", "b")
	s.follow(t)
	wantRows(t, s.backup, "a", "b")
	return s
}

// follow makes the second node's servers backups of the virtual address.
func (s swapped) follow(t *testing.T) {
	t.Helper()
	for _, u := range s.backup.Units {
		must(t, u.Server.Follow(testContext(t), u.Endpoint.Source(s.backup.Listening.MasterIP), 0))
	}
}

// parents are the processes that have started a node's servers.
func parents(t *testing.T, c *control.Controller) []string {
	t.Helper()
	var names []string
	for _, pid := range controltest.PIDs(t, c) {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		must(t, err)
		parent := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[1]
		comm, err := os.ReadFile(filepath.Join("/proc", parent, "comm"))
		if !errors.Is(err, os.ErrNotExist) {
			must(t, err)
		}
		names = append(names, strings.TrimSpace(string(comm)))
	}
	return names
}

func TestNodeThatAnotherAgentHasPromotedBeginsATermWithoutARestart(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	before := controltest.PIDs(t, s.active)
	if names := parents(t, s.active); !slices.Equal(names, []string{"monitor", "monitor"}) {
		t.Errorf("the servers' parents are %q before", names)
	}
	if v := s.active.Probe(testContext(t)); v.Leads() || controltest.PIDs(t, s.active) != before {
		t.Errorf("a probe says %q", v.Health)
	}
	v := s.active.Monitor(testContext(t), true)
	if v.Health != replication.HealthActiveDegraded || !strings.Contains(v.Reason(), "another agent has promoted this node") {
		t.Errorf("the first monitor says %q: %s", v.Health, v.Reason())
	}
	if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActive || v.Term != 1 {
		t.Errorf("the second monitor says %q in term %d: %s", v.Health, v.Term, v.Reason())
	}
	if after := controltest.PIDs(t, s.active); after != before {
		t.Errorf("the servers were %v and are %v", before, after)
	}
	if slices.Contains(parents(t, s.active), "monitor") {
		t.Error("a process of --monitor still restarts a server")
	}
	wantRows(t, s.active, "a", "b")
	eventually(t, "the backup to follow the node's own address", func() bool {
		return s.backup.Monitor(testContext(t), false).Health == replication.HealthBackup &&
			status(t, s.backup.Units[0]).Source == sourcesOf(s.Cluster, "node1")[s.backup.Units[0].Name()]
	})
	insert(t, s.active, "c")
	wantRows(t, s.backup, "a", "b", "c")
}

// The first version of this agent publishes, under the same name, that its node leads.
func TestNodeThatTheFirstVersionHasPromotedBeginsATermWithoutARestart(t *testing.T) {
	t.Parallel()
	s := newSwappedFrom(t, startAsFirstVersion)
	must(t, s.active.Cluster.Publish(testContext(t), control.TopicActive, "OVN_Northbound=tcp:127.0.0.1:1 OVN_Southbound=tcp:127.0.0.1:2"))
	before := controltest.PIDs(t, s.active)
	s.active.Monitor(testContext(t), true)
	if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActive || v.Term != 1 {
		t.Errorf("the second monitor says %q in term %d: %s", v.Health, v.Term, v.Reason())
	}
	if after := controltest.PIDs(t, s.active); after != before || slices.Contains(parents(t, s.active), "monitor") {
		t.Errorf("the servers were %v and are %v, of %q", before, after, parents(t, s.active))
	}
	wantRows(t, s.active, "a", "b")
}

func TestNodeThatTheFirstVersionHasPromotedIsParkedOnceAnotherLeads(t *testing.T) {
	t.Parallel()
	s := newSwappedFrom(t, startAsFirstVersion)
	for _, node := range []*control.Controller{s.active, s.backup} {
		must(t, node.Cluster.Publish(testContext(t), control.TopicActive, "OVN_Northbound=tcp:127.0.0.1:1 OVN_Southbound=tcp:127.0.0.1:2"))
	}
	s.active.Monitor(testContext(t), true)
	if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleBackup {
		t.Errorf("the server is %s", role)
	}
}

func TestNodeWhoseTakeOverCannotBeRecordedServesOnAndTriesAgain(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.RefuseRecord(true)
	v := s.active.Monitor(within(t, 2*time.Second), true)
	if v.Health != replication.HealthActiveDegraded || s.active.Promoted() || s.Said(control.TopicActive, "node1") != "" {
		t.Errorf("monitor says %q: %s, the node publishes %q", v.Health, v.Reason(), s.Said(control.TopicActive, "node1"))
	}
	if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleActive {
		t.Errorf("the server is %s", role)
	}
	s.RefuseRecord(false)
	s.active.Monitor(testContext(t), true)
	if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActive {
		t.Errorf("monitor says %q: %s", v.Health, v.Reason())
	}
}

func TestServersOfAnotherAgentThatAreActiveWithoutAPromotionAreParked(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	wantHealth(t, s.active, replication.HealthBackupDegraded)
	if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleBackup {
		t.Errorf("the server is %s", role)
	}
}

// withdraw makes the cluster forget who leads, as it does once the node has left.
func (s swapped) withdraw(t *testing.T) {
	t.Helper()
	must(t, s.active.Cluster.Publish(testContext(t), control.TopicActive, ""))
}

// From a node that was taken over, has lost its state directory and was superseded by one that has died
// since: its data has not seen the start of the recorded term, and it is made read-only.
func TestNodeThatWasSupersededIsNotTakenOverThoughItsStateAndThePublicationsAreLost(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	s.active.Monitor(testContext(t), true)
	wantLeads(t, s.active)
	later := replication.Record{Term: 2, TermID: "later", Node: "node2", Members: []string{"node2"}}.String()
	must(t, s.Fix(later))
	must(t, os.RemoveAll(s.active.StateDir))
	s.withdraw(t)
	wantNotTakenOver(t, s.active, later)
}

// From two nodes that the other agent has both promoted: one is taken over. The other one is made
// read-only, though the first has published nothing yet.
func TestOnlyOneOfTwoNodesThatAnotherAgentHasPromotedIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	for _, u := range s.backup.Units {
		must(t, u.Server.Activate(testContext(t)))
	}
	s.active.Monitor(testContext(t), true)
	wantLeads(t, s.active)
	s.withdraw(t)
	record, err := s.active.Cluster.Record(testContext(t))
	must(t, err)
	wantNotTakenOver(t, s.backup, record)
}

// overtaken is a cluster in which another node swaps its record in just before this one.
type overtaken struct {
	control.Cluster

	overtake func()
}

func (c overtaken) SwapRecord(ctx context.Context, old, record string) error {
	c.overtake()
	return c.Cluster.SwapRecord(ctx, old, record)
}

// From two nodes that the other agent has both promoted, and that are taken over at the same moment: the one
// whose record comes second is made read-only, follows the other one, and its own row is in a snapshot.
func TestNodeThatLosesTheFirstTakeOverFollowsTheOtherOne(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	loser, whole := s.backup, s.backup.Cluster
	for _, u := range loser.Units {
		must(t, u.Server.Activate(testContext(t)))
	}
	insert(t, loser, "of the loser")
	var once sync.Once
	loser.Cluster = overtaken{Cluster: whole, overtake: func() { once.Do(func() { s.active.Monitor(testContext(t), true) }) }}
	loser.Monitor(testContext(t), true)
	loser.Cluster = whole
	wantLeads(t, s.active)
	record, err := whole.Record(testContext(t))
	must(t, err)
	wantNotTakenOver(t, loser, record)
	must(t, loser.Demote(testContext(t)))                // so does Pacemaker
	must(t, loser.FileReaders().Refresh(testContext(t))) // so does the supervisor
	insert(t, s.active, "later")
	must(t, loser.Follow(testContext(t), s.active.Node))
	wantRows(t, loser, "a", "b", "later")
	wantHealth(t, loser, replication.HealthBackup)
	if !inSnapshot(t, loser, replication.SnapshotAdopted, "of the loser") {
		t.Error("the row is in no snapshot")
	}
}

func wantLeads(t *testing.T, node *control.Controller) {
	t.Helper()
	if v := node.Monitor(testContext(t), true); v.Health != replication.HealthActive {
		t.Fatalf("%s says %q: %s", node.Node, v.Health, v.Reason())
	}
}

func wantNotTakenOver(t *testing.T, node *control.Controller, record string) {
	t.Helper()
	if v := node.Monitor(testContext(t), true); v.Health != replication.HealthFailedActive {
		t.Errorf("%s says %q: %s", node.Node, v.Health, v.Reason())
	}
	for _, u := range node.Units {
		if role := status(t, u).Role; role != ovsdbctl.RoleBackup {
			t.Errorf("the %s server of %s is %s", u.Name(), node.Node, role)
		}
	}
	if now, err := node.Cluster.Record(testContext(t)); err != nil || now != record {
		t.Errorf("the record was %q and is %q (%v)", record, now, err)
	}
}

// endsAtSwap is a cluster in which the action that swaps the record in ends there, as with kill -9.
type endsAtSwap struct {
	control.Cluster

	swap bool
	// over says that the action has ended: the cluster is whole for those that follow.
	over *atomic.Bool
}

func (c endsAtSwap) SwapRecord(ctx context.Context, old, record string) error {
	if c.over.Load() {
		return c.Cluster.SwapRecord(ctx, old, record)
	}
	if c.swap {
		_ = c.Cluster.SwapRecord(ctx, old, record)
	}
	runtime.Goexit()
	return nil
}

// From a take-over that was killed just before and just after the swap of the record: the node serves on,
// and the next monitor takes it over.
func TestTakeOverThatIsCutShortServesOnAndIsRepeated(t *testing.T) {
	t.Parallel()
	for _, swap := range []bool{false, true} {
		t.Run(fmt.Sprint("swapped ", swap), func(t *testing.T) {
			t.Parallel()
			s := newSwapped(t)
			over := new(atomic.Bool)
			s.active.Cluster = endsAtSwap{Cluster: s.active.Cluster, swap: swap, over: over}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				s.active.Monitor(testContext(t), true)
			}()
			<-ended
			over.Store(true)
			insert(t, s.active, "c")
			if v := s.active.Monitor(testContext(t), true); v.Health != replication.HealthActiveDegraded {
				t.Errorf("monitor says %q: %s", v.Health, v.Reason())
			}
			if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleActive {
				t.Errorf("the server is %s", role)
			}
			wantLeads(t, s.active)
			wantRows(t, s.active, "a", "b", "c")
		})
	}
}

// mute is a cluster that does not return the values that the nodes have published.
type mute struct {
	control.Cluster

	over *atomic.Bool
}

func (m mute) Published(ctx context.Context, topic control.Topic) (map[string]string, error) {
	if m.over.Load() {
		return m.Cluster.Published(ctx, topic)
	}
	return nil, controltest.ErrRefused
}

// From a promoted node of another agent while the cluster does not answer: it serves on.
func TestNodeThatAnotherAgentHasPromotedServesOnWhileTheClusterCannotBeAsked(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	over := new(atomic.Bool)
	s.active.Cluster = mute{Cluster: s.active.Cluster, over: over}
	s.wantWaits(t, "cannot be decided yet")
	over.Store(true)
	s.active.Monitor(testContext(t), true)
	wantLeads(t, s.active)
}

// wantWaits fails the test unless the promoted node waits with its first term for a reason, and serves on.
func (s swapped) wantWaits(t *testing.T, reason string) {
	t.Helper()
	v := s.active.Monitor(testContext(t), true)
	if v.Health != replication.HealthActiveDegraded || !strings.Contains(v.Reason(), reason) {
		t.Errorf("monitor says %q: %s", v.Health, v.Reason())
	}
	if record, err := s.active.Record(testContext(t)); err != nil || record != nil {
		t.Errorf("the cluster records %v (%v)", record, err)
	}
	if role := status(t, s.active.Units[0]).Role; role != ovsdbctl.RoleActive || s.active.Promoted() {
		t.Errorf("the server is %s", role)
	}
}

// minority is a cluster of which this node's partition has no quorum until it is whole.
type minority struct {
	control.Cluster
	whole *atomic.Bool
}

func (m minority) Quorate(context.Context) (bool, error) { return m.whole.Load(), nil }

// From a promoted node of another agent whose partition has no quorum: it serves on, and no term begins that
// the other partition knows nothing of.
func TestNodeThatAnotherAgentHasPromotedBeginsNoTermWithoutQuorum(t *testing.T) {
	t.Parallel()
	s := newSwapped(t)
	whole := new(atomic.Bool)
	s.active.Cluster = minority{Cluster: s.active.Cluster, whole: whole}
	s.wantWaits(t, "waits for quorum")
	whole.Store(true)
	s.active.Monitor(testContext(t), true)
	wantLeads(t, s.active)
}
