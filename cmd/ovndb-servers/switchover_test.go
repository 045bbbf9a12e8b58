package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/replication"
)

const earlierMove = `<rsc_location id="cli-prefer-c" rsc="c"><rule><date_expression operation="lt" end="%s"/></rule></rsc_location>`

// newFreshPair returns a cluster in which node1 leads, and node2 follows and says that it is fresh.
func newFreshPair(t *testing.T) testCluster {
	t.Helper()
	c := newTestCluster(t)
	c.parameters = patientActions()
	c.pairUp()
	return c
}

// pairUp has node1 lead, and node2 follow and say that it is fresh.
func (c testCluster) pairUp() {
	c.t.Helper()
	c.lead("node1")
	c.insert("node1", "kept")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "kept")
	c.agent("node2", "monitor", 0) // which gives it its score
	c.fresh("node2", "fresh")
}

// patientActions gives the actions of the agent more time, as these tests are about none of them.
func patientActions() map[string]string {
	return map[string]string{"OCF_RESKEY_CRM_meta_timeout": "120000"}
}

// fresh publishes a word as the freshness of a node in the present term.
func (c testCluster) fresh(node, word string) {
	termID := strings.Fields(c.value("ovndb-record-ovndb", "record"))[1]
	write(c.t, filepath.Join(c.values, "ovndb-freshness-ovndb", node), termID+" "+word, 0o644)
}

// onMove has a function called once a constraint is there. It returns what waits for its end.
func (c testCluster) onMove(do func()) (wait func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for c.value("", "constraints") == "" {
			select {
			case <-ticker.C:
			case <-c.t.Context().Done():
				return
			}
		}
		do()
	}()
	return func() { <-ended }
}

// moveRole does what the cluster does for a constraint.
func (c testCluster) moveRole(from, to string) {
	for _, step := range []struct{ node, action, role string }{{from, "demote", "Unpromoted"}, {to, "promote", "Promoted"}} {
		if code, messages := c.act(step.node, step.action); code != 0 {
			c.t.Errorf("%s on %s: code %d: %s", step.action, step.node, code, messages)
		}
		write(c.t, filepath.Join(c.values, "role", step.node), step.role, 0o644)
	}
}

func TestSwitchoverMovesTheRoleShowsForHowLongWritesStoodStillAndLeavesNoConstraint(t *testing.T) {
	c := newFreshPair(t)
	wait := c.onMove(func() { c.moveRole("node1", "node2") })
	got := c.tool("node1", exitHealthy, "switchover", "--yes")
	wait()
	wantText(t, got.stdout, "moves from node node1 to node node2", "expires after 3m0s", "node node2 leads after", "no constraint is left",
		"OVN_Northbound: at most ", "OVN_Southbound: at most ")
	wantText(t, got.stderr, "an operator moves the promoted role from=node1 to=node2")
	c.wantValue("", "constraints", "")
	if !c.has("node2", "kept") {
		t.Error("a row is lost")
	}
	c.insert("node2", "after")
}

func TestSwitchoverWhoseConstraintStaysSaysThatTheRoleWasMovedAndEnds1(t *testing.T) {
	c := newFreshPair(t)
	write(t, filepath.Join(c.values, "kept"), "", 0o644)
	wait := c.onMove(func() { c.moveRole("node1", "node2") })
	got := c.tool("node1", exitDegraded, "switchover", "--yes")
	wait()
	wantText(t, got.stdout, "node node2 leads after", "its constraint may be left", "OVN_Northbound: at most ")
	wantText(t, got.stderr, "the role was moved, but: ", "it expires by itself, or remove it with: crm_resource --clear --resource c --node node2")
}

func TestSwitchoverThatIsRefusedSaysWhyAndTouchesNothing(t *testing.T) {
	c := newFreshPair(t)
	rows := []struct {
		name, text string
		code       int
		args       []string
		prepare    func()
	}{
		{"not confirmed", "add --yes", exitUnconfirmed, nil, func() {}},
		{"a node that the cluster does not have", `the cluster has no node "node9"`, exitNoSuch, []string{"--to", "node9"}, func() {}},
		{"the node that leads", "it leads already", exitDegraded, []string{"--to", "node1"}, func() {}},
		{
			"a constraint of an earlier tool that was killed", "add --yes", exitUnconfirmed, nil,
			func() { c.constrain(fmt.Sprintf(earlierMove, "2026-01-02 03:04:05 Z")) },
		},
		{
			"a constraint of an operator", "cli-prefer-c of an earlier crm_resource --move", exitDegraded,
			[]string{"--yes"},
			func() { c.constrain(fmt.Sprintf(earlierMove, "2999-01-02 03:04:05 Z")) },
		},
		{
			"maintenance", "ovndb-servers resume", exitDegraded,
			[]string{"--yes"},
			func() { c.constrain(""); write(t, filepath.Join(c.values, "paused"), "", 0o644) },
		},
		{
			"a node that is behind", "node node2: it is behind node node1", exitDegraded,
			[]string{"--yes"},
			func() { c.unpause(); c.fresh("node2", "behind") },
		},
		{
			"a node that has just left the role to another one", "some seconds", exitDegraded,
			[]string{"--to", "node2", "--yes"},
			func() {
				c.fresh("node2", "fresh")
				write(t, filepath.Join(c.values, "master-ovndb", "node2"), "-INFINITY", 0o644)
			},
		},
		{
			"a move that is under way", "a move is under way", exitDegraded,
			[]string{"--yes"},
			func() { c.role("node1", "Unpromoted"); c.role("node2", "Promoted") },
		},
		{
			"no node that leads", "0 nodes of resource ovndb are promoted", exitDegraded,
			[]string{"--yes"},
			func() { c.role("node2", "Unpromoted") },
		},
	}
	for _, row := range rows {
		row.prepare()
		before := c.value("", "constraints")
		got := c.call("node1", append([]string{"switchover"}, row.args...)...)
		if got.code != row.code || !strings.Contains(got.stderr, row.text) {
			t.Errorf("%s: %+v, want code %d, %q", row.name, got, row.code, row.text)
		}
		c.wantValue("", "constraints", before)
	}
}

func (c testCluster) constrain(text string) {
	write(c.t, filepath.Join(c.values, "constraints"), text, 0o644)
}

func (c testCluster) unpause() {
	if err := os.Remove(filepath.Join(c.values, "paused")); err != nil {
		c.t.Fatal(err)
	}
}

func TestSwitchoverThatComesToNothingTakesItsConstraintBack(t *testing.T) {
	c := newFreshPair(t)
	got := c.tool("node2", exitDegraded, "switchover", "--yes", "--timeout", "1")
	wantText(t, got.stderr, "node node2 did not lead in time (--timeout); now node node1 is promoted, node node2 is unpromoted; term 1 of node node1",
		"crm_mon -1rf", "ovndb-servers status")
	c.wantValue("", "constraints", "")
}

func TestAnInterruptedSwitchoverTakesItsConstraintBack(t *testing.T) {
	c := newFreshPair(t)
	ctx, interrupt := context.WithCancel(t.Context())
	wait := c.onMove(interrupt)
	c.at("node1")
	node := c.nodes["node1"]
	var stdout, stderr strings.Builder
	code := run(ctx, program{
		args: []string{
			"ovndb-servers", "switchover", "--yes", "--dbdir", filepath.Join(node, "db"), "--rundir", filepath.Join(node, "run"),
			"--statedir", filepath.Join(node, "state"), "--staterundir", filepath.Join(node, "state-run"),
		},
		getenv: os.Getenv, stdout: &stdout, stderr: &stderr,
	})
	wait()
	if code != exitDegraded {
		t.Errorf("code %d", code)
	}
	wantText(t, stderr.String(), "interrupted; now node node1 is promoted")
	c.wantValue("", "constraints", "")
}

func TestPauseAndResumeSetTheMetaAttributeOfTheCloneOnce(t *testing.T) {
	c := newFreshPair(t)
	rows := []struct {
		args []string
		code int
		text string
	}{
		{[]string{"resume", "--yes"}, exitHealthy, "is not paused"},
		{[]string{"pause"}, exitUnconfirmed, "neither monitors"},
		{[]string{"pause", "--yes"}, exitHealthy, "done"},
		{[]string{"pause", "--yes"}, exitHealthy, "is paused"},
		{[]string{"resume"}, exitUnconfirmed, "leaves maintenance"},
		{[]string{"resume", "--yes"}, exitHealthy, "done"},
	}
	for _, row := range rows {
		wantText(t, c.tool("node1", row.code, row.args...).stdout, "resource ovndb (c)", row.text)
		_, err := os.Stat(filepath.Join(c.values, "paused"))
		if shown := strings.Contains(c.tool("node1", exitHealthy, "status").stdout, "maintenance: "); shown != (err == nil) {
			t.Errorf("after %q status shows that it is paused: %v", row.args, shown)
		}
	}
	if _, err := os.Stat(filepath.Join(c.values, "paused")); err == nil {
		t.Error("it is still paused")
	}
}

func TestAMoveIsDoneWhenTheNamedNodeLeadsANewTermAndOverWhenAnotherOneDoes(t *testing.T) {
	t.Parallel()
	m := movePlan{from: "a", to: "b", record: replication.Record{Term: 3, Node: "a"}}
	record := func(term uint64, node string) *replication.Record { return &replication.Record{Term: term, Node: node} }
	rows := []struct {
		name            string
		state           moveState
		done, elsewhere bool
	}{
		{"nothing has happened", moveState{from: "Promoted", to: "Unpromoted", record: record(3, "a")}, false, false},
		{"the old active is demoted", moveState{from: "Unpromoted", to: "Unpromoted", record: record(3, "a")}, false, false},
		{"the new term has begun", moveState{from: "Unpromoted", to: "Unpromoted", record: record(4, "b")}, false, false},
		{"the new active leads", moveState{from: "Unpromoted", to: "Promoted", record: record(4, "b")}, true, false},
		{"the cluster shows both as promoted", moveState{from: "Promoted", to: "Promoted", record: record(4, "b")}, false, false},
		{"the cluster shows it too early", moveState{from: "Unpromoted", to: "Promoted", record: record(3, "a")}, false, false},
		{"the cluster does not answer", moveState{err: context.DeadlineExceeded}, false, false},
		{"the old active leads again", moveState{from: "Promoted", to: "Unpromoted", record: record(4, "a")}, false, true},
		{"a third node is promoted", moveState{from: "Unpromoted", to: "Unpromoted", others: []string{"c"}, record: record(3, "a")}, false, true},
	}
	for _, row := range rows {
		if done, elsewhere := m.done(row.state), m.elsewhere(row.state); done != row.done || elsewhere != row.elsewhere {
			t.Errorf("%s: done %v, elsewhere %v; want %v, %v", row.name, done, elsewhere, row.done, row.elsewhere)
		}
	}
}

func TestAStandstillIsFromTheLastWriteThatWasAcceptedToTheFirstOfTheNewActive(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	var s standstill
	s.newAccepts(time.Time{})
	if got := s.text(); !strings.Contains(got, "not known") {
		t.Errorf("nothing was seen, and it says %q", got)
	}
	s = standstill{}
	for _, asked := range []int{1, 2} {
		s.oldAccepts(at(asked))
	}
	s.newAccepts(at(5))
	s.newAccepts(at(6))
	if got := s.text(); got != "at most 3s" {
		t.Errorf("it says %q", got)
	}
}
