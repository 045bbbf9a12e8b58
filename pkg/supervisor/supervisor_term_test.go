package supervisor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// cutShort leaves a node as a promotion leaves it that was killed after it had made the servers active
// and marked their data, and before it swapped the record.
func cutShort(t *testing.T, node *control.Controller) {
	t.Helper()
	own, err := node.OwnTerm()
	must(t, err)
	own.Recorded = false
	own.Record.Term, own.Record.TermID = own.Record.Term+1, "never-recorded"
	text, err := json.Marshal(own)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(node.StateDir, "term"), text, 0o600))
}

// The state is a node whose promotion was killed before its record was swapped. The next action has the
// lock, and may wait for other nodes that long. Outcome: the servers are read-only all the same.
func TestSupervisedActiveWhosePromotionWasCutShortIsReadOnlyWhileAnotherActionIsUnderWay(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	cutShort(t, p.active)
	endAction := controltest.BeginAction(t, p.active)
	supervise(t, p.active, p.changed[0])
	for _, u := range p.active.Units {
		eventually(t, u.Name()+" to be read-only", func() bool { return !writable(t, u) })
	}
	endAction()
	eventually(t, "the node to lead no term", func() bool { return !p.active.Promoted() })
}

// waitingSwap is a cluster whose CIB takes its time with a swap of the record.
type waitingSwap struct {
	control.Cluster

	waits, goOn chan struct{}
}

func (w waitingSwap) SwapRecord(ctx context.Context, old, record string) error {
	w.waits <- struct{}{}
	<-w.goOn
	return w.Cluster.SwapRecord(ctx, old, record)
}

// The state is a promotion that waits for the CIB, its servers being active. Outcome: the supervisor,
// which observes them meanwhile, leaves them to the promotion.
func TestSupervisorLeavesServersToAPromotionThatWaitsForItsRecord(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	promoting := *node // before the supervisor changes its own
	supervise(t, node, nil)
	swap := waitingSwap{Cluster: node.Cluster, waits: make(chan struct{}), goOn: make(chan struct{})}
	promoting.Cluster = swap
	promoted := make(chan error, 1)
	go func() {
		promoted <- promoting.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}})
	}()
	<-swap.waits
	for range 3 {
		awaitObservation(t, node)
	}
	for _, u := range node.Units {
		if !writable(t, u) {
			t.Errorf("%s was made read-only", u.Name())
		}
	}
	close(swap.goOn)
	must(t, <-promoted)
	for _, u := range node.Units {
		awaitBeat(t, u)
	}
}

// awaitObservation awaits that the supervisor of a node has observed its servers once more.
func awaitObservation(t *testing.T, node *control.Controller) {
	t.Helper()
	saved := func() (at time.Time) {
		if info, err := os.Stat(filepath.Join(node.RunDir, "supervisor.json")); err == nil {
			at = info.ModTime()
		}
		return at
	}
	before := saved()
	eventually(t, "the supervisor to observe", func() bool { return saved() != before })
}

// The state is an active whose global row a client clears, the marker included, as
// "ovn-nbctl clear NB_Global . external_ids" does. Outcome: the marker is written back with a beat beyond
// the last, the term goes on, and beats with it.
func TestSupervisedActiveWhoseMarkerAClientClearsWritesItBack(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, u := range p.active.Units {
		awaitBeat(t, u)
		before := marker(t, u)
		setExternalIDs(t, u, nil)
		cleared := time.Now()
		eventually(t, "the marker to be written back", func() bool { return marker(t, u).TermID == before.TermID })
		t.Logf("%s: written back after %s", u.Name(), time.Since(cleared))
		if after := marker(t, u); after.Beat <= before.Beat || after.Lineage != before.Lineage || after.Base != before.Base {
			t.Errorf("the marker is %+v, and was %+v", after, before)
		}
		awaitBeat(t, u)
	}
	for i, u := range p.backup.Units {
		eventually(t, "the backup to have the marker", func() bool { return marker(t, u).TermID == marker(t, p.active.Units[i]).TermID })
	}
}

// The state is an active whose supervisor is replaced, as by an upgrade of the package, while a client
// clears the marker, or restores an earlier one. Outcome: no beat comes a second time, as a backup that has
// the first would prove rows to be elsewhere that are not.
func TestSupervisorKnowsTheBeatsThatOneBeforeItHasSeen(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const beats = 5000 // more than a marker that is written back goes on by
	earlier := map[string]map[string]string{}
	for i, u := range p.active.Units {
		m := marker(t, u)
		if i > 0 {
			earlier[u.Name()] = m.ExternalIDs()
		}
		m.Beat = beats
		for marker(t, u).Beat <= beats { // a beat that was being written may come after it, and count from before
			setExternalIDs(t, u, m.ExternalIDs())
			setGlobal(t, u, map[string]string{"changed-after": strconv.Itoa(beats)})
			eventually(t, "another beat", func() bool { return marker(t, u).Beat != beats })
		}
	}
	for range 2 {
		awaitObservation(t, p.active)
	}
	p.stop[0]()
	for _, u := range p.active.Units {
		setExternalIDs(t, u, earlier[u.Name()])
	}
	supervise(t, p.active, p.changed[0])
	for _, u := range p.active.Units {
		eventually(t, "the marker of "+u.Name()+" to be beyond the last beat", func() bool { return marker(t, u).Beat > beats })
	}
}

// setExternalIDs replaces the external_ids of a server's global row, as a client may.
func setExternalIDs(t *testing.T, u control.Unit, values map[string]string) {
	t.Helper()
	pairs := [][]string{}
	for key, value := range values {
		pairs = append(pairs, []string{key, value})
	}
	text, err := json.Marshal(pairs)
	must(t, err)
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+u.Server.DataSocket, fmt.Sprintf(
		`[%q,{"op":"update","table":%q,"where":[],"row":{"external_ids":["map",%s]}}]`,
		u.Name(), u.Server.Database.GlobalTable, text)).CombinedOutput()
	if err != nil || strings.Contains(string(out), "error") {
		t.Fatalf("%v: %s", err, out)
	}
}

// The state is an active whose record is deleted, or of an earlier term again. Outcome: it serves on,
// and the record is the one that it was, of the same term.
func TestSupervisedActiveWhoseRecordIsLostSwapsItInAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.stop[1]()
	must(t, p.active.Demote(testContext(t))) // so that there is an earlier term
	must(t, p.active.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	before, err := p.active.Record(testContext(t))
	must(t, err)
	earlier := replication.Record{Term: before.Term - 1, TermID: "earlier", Node: "node2"}
	for name, lost := range map[string]string{"deleted": "", "of an earlier term": earlier.String()} {
		must(t, p.Fix(lost))
		p.changed[0] <- struct{}{}
		eventually(t, "the record that was "+name+" to be back", func() bool {
			again, err := p.active.Record(testContext(t))
			return err == nil && again != nil && again.Term == before.Term && again.TermID == before.TermID && again.Node == before.Node
		})
		for _, u := range p.active.Units {
			awaitBeat(t, u)
			if m := marker(t, u); m.Term != before.Term || m.TermID != before.TermID {
				t.Errorf("%s has the term %d, want %d still", u.Name(), m.Term, before.Term)
			}
		}
	}
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}
