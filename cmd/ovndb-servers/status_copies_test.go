package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// copiesOf returns the states of the copies in a status, "NODE DATABASE ROLE STATE" a line.
func copiesOf(t *testing.T, text string) string {
	t.Helper()
	var lines []string
	for _, c := range decode[report](t, text).Copies {
		lines = append(lines, strings.Join([]string{c.Node, c.Database, c.Role, c.State}, " "))
	}
	return strings.Join(lines, "\n")
}

// pidOf returns the process of a node's northbound server.
func (c testCluster) pidOf(node string) int {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.nodes[node], "run", "ovnnb_db.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		c.t.Fatal(err)
	}
	return pid
}

// wantFresh checks that status on the backup of a pair has all copies fresh.
func (c testCluster) wantFresh() outcome {
	c.t.Helper()
	const fresh = "node1 OVN_Northbound active fresh\nnode1 OVN_Southbound active fresh\n" +
		"node2 OVN_Northbound backup fresh\nnode2 OVN_Southbound backup fresh"
	got := c.tool("node2", exitHealthy, "status", "-o", "json")
	if copies := copiesOf(c.t, got.stdout); copies != fresh {
		c.t.Fatalf("copies are\n%s\nwant\n%s", copies, fresh)
	}
	return got
}

// wantStaleOnceSilent stops the active's northbound server until the test ends, and checks that status on the
// backup has the copies of it unreachable and stale.
func (c testCluster) wantStaleOnceSilent() outcome {
	c.t.Helper()
	pid := c.pidOf("node1")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	const stale = "node1 OVN_Northbound active unreachable\nnode1 OVN_Southbound active fresh\n" +
		"node2 OVN_Northbound backup stale\nnode2 OVN_Southbound backup fresh"
	got := c.tool("node2", exitDegraded, "status", "-o", "json")
	if copies := copiesOf(c.t, got.stdout); copies != stale {
		c.t.Errorf("copies are\n%s\nwant\n%s", copies, stale)
	}
	return got
}

// sync-status says "replicating" for a while after the source has died or fallen silent.
func TestStatusOfABackupWhoseSourceIsSilentIsStaleWhateverItsServerSays(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	c.insert("node1", "a")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "a")
	got := c.wantFresh()
	for _, row := range decode[report](t, got.stdout).Copies {
		own := row.Node == "node2"
		if (row.LastWriteSeconds != nil) != own || (row.Sessions != nil) != own {
			t.Errorf("%+v", row)
		}
	}
	got = c.wantStaleOnceSilent()
	if !decode[report](t, got.stdout).Servers[0].Connected {
		t.Error("the server does not say that it replicates: the test proves nothing")
	}
	wantText(t, got.stdout, "of the promoted node node1 does not answer from here", "on node1: ovndb-servers status")
}

func TestStateOfAServerOfThisNode(t *testing.T) {
	t.Parallel()
	const source, parking = "tcp:192.0.2.2:6641", "tcp:192.0.2.254:6641"
	at := func(beat uint64) replication.Position {
		return replication.Position{Term: 2, TermID: termTwoID, Progress: replication.Progress{Beat: beat}}
	}
	marker := func(term string) *replication.Marker { return &replication.Marker{Term: 2, TermID: term, Beat: 7} }
	answer := func(m *replication.Marker, err error) map[string]sourceAnswer {
		return map[string]sourceAnswer{source: {state: control.SourceState{Active: true, Marker: m}, err: err}}
	}
	backup := replication.ServerState{Condition: replication.ConditionBackup, Link: replication.LinkReplicating, Source: source}
	parked, connecting := backup, backup
	parked.Source, connecting.Link = parking, replication.LinkConnecting
	rows := []struct {
		name    string
		server  replication.ServerState
		current bool
		holds   replication.Position
		answers map[string]sourceAnswer
		want    string
	}{
		{"at the source's beat", backup, true, at(7), answer(marker(termTwoID), nil), stateFresh},
		{"beyond the beat that was asked for", backup, true, at(8), answer(marker(termTwoID), nil), stateFresh},
		{"a beat less", backup, true, at(6), answer(marker(termTwoID), nil), stateBehind},
		{"of another term than the source", backup, true, at(9), answer(marker(termOneID), nil), stateBehind},
		{"the source has no marker", backup, true, at(9), answer(nil, nil), stateBehind},
		{"the source does not answer", backup, true, at(9), answer(nil, errNoSuch), stateStale},
		{"not connected", connecting, true, at(7), answer(marker(termTwoID), nil), stateStale},
		{"the source cannot be asked", backup, true, at(7), nil, stateUnknown},
		{"follows no node", parked, true, at(7), nil, stateParked},
		{"has missed a term", backup, false, at(7), answer(marker(termTwoID), nil), stateOldTerm},
		{"active", replication.ServerState{Condition: replication.ConditionActive}, true, at(7), nil, stateFresh},
		{"active in a term that is over", replication.ServerState{Condition: replication.ConditionActive}, false, at(7), nil, stateOldTerm},
		{"does not run", replication.ServerState{Condition: replication.ConditionAbsent}, true, at(7), nil, stateUnknown},
	}
	for _, row := range rows {
		r := report{Servers: []serverReport{{Current: &row.current, position: &row.holds}}}
		if got := r.ownState(0, row.server, otherNodes{answers: row.answers}); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

// paints counts the pictures on a terminal, and ends after some.
type paints struct {
	text strings.Builder
	end  context.CancelFunc
}

func (p *paints) String() string { return p.text.String() }

// Write implements [io.Writer].
func (p *paints) Write(text []byte) (int, error) {
	const pictures = 3
	if strings.Count(p.String(), clearScreen) == pictures {
		p.end() // the third picture itself
	}
	return p.text.Write(text)
}

func TestStatusIsRepaintedUntilItIsInterruptedAndEndsWithTheLastCode(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	c.role("node2", "Promoted")
	wantText(t, c.tool("node1", exitUsage, "status", "-w", "10ms").stderr, "cannot repaint more often")
	wantText(t, c.tool("node1", exitUsage, "status", "7").stderr, "takes no argument")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	node := c.nodes["node1"]
	o := statusOptions{watch: durationFlag(time.Millisecond), output: outputFlag{format: outputTable}, place: place{
		layout:   process.Layout{DatabaseDir: filepath.Join(node, "db"), RunDir: filepath.Join(node, "run")},
		stateDir: filepath.Join(node, "state"), stateRunDir: filepath.Join(node, "state-run"), timeout: statusTimeout,
	}}
	out := &paints{end: cancel}
	err := watchStatus(ctx, screen{out: out, terminal: true}, o)
	if codeOf(err) != exitCritical || strings.Count(out.String(), clearScreen) != 3 {
		t.Errorf("%v: %q", err, out.String())
	}
}
