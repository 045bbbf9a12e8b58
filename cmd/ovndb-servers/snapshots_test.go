package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/snapshot"
)

// newKeptRows returns a cluster in which node2 leads and node1 follows, after node1
// has written a row that only it had, and the name of the snapshot that holds it.
func newKeptRows(t *testing.T) (c testCluster, name string) {
	t.Helper()
	c = newTestCluster(t)
	c.lead("node1")
	c.insert("node1", "both")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "both")
	c.agent("node2", "stop", 0) // as if it were cut off
	c.insert("node1", "only-node1")
	c.away("node1")
	c.at("node2")
	c.agent("node2", "start", 0)
	c.agent("node2", "promote", 0)
	c.role("node2", "Promoted")
	c.insert("node2", "only-node2")
	c.agent("node1", "start", 0)
	c.role("node1", "Unpromoted")
	c.await("node1", "only-node2")
	all := listed(c, "node1")
	i := slices.IndexFunc(all, func(i snapshot.Info) bool { return i.Database == "OVN_Northbound" })
	if i < 0 {
		t.Fatalf("snapshots are %v", all)
	}
	return c, all[i].Name
}

func listed(c testCluster, node string) []snapshot.Info {
	c.t.Helper()
	return decode[[]snapshot.Info](c.t, c.tool(node, exitHealthy, "snapshots", "list", "-o", "json").stdout)
}

func TestSnapshotsAreListedAndShown(t *testing.T) {
	c, name := newKeptRows(t)
	wantText(t, c.tool("node1", exitHealthy, "snapshots", "list").stdout, "NAME", "WHY", name, "OVN_Northbound", "term 1 beat", "ahead")
	text := c.tool("node1", exitHealthy, "snapshots", "show", name).stdout
	wantText(t, text, "2 rows differ from the live database of this node: 1 missing there, 0 changed, 1 added since",
		"missing  Logical_Switch", `name: "only-node1"`, "added  Logical_Switch", `name: "only-node2"`)
	if strings.Contains(text, "ovndb-servers:") || strings.Contains(text, "Connection") {
		t.Errorf("the agent's own notes are shown:\n%s", text)
	}
}

func TestRestoreExplainsItselfAndIsRefusedWhileServersRun(t *testing.T) {
	c, name := newKeptRows(t)
	got := c.tool("node1", exitUnconfirmed, "snapshots", "restore", name)
	wantText(t, got.stdout, "keep the present", "put snapshot "+name, "What it costs", "It would be refused now")
	wantText(t, got.stderr, "--yes")
	wantText(t, c.tool("node1", exitDegraded, "snapshots", "restore", name, "--yes").stderr, "stop the resource")
	if !c.has("node1", "only-node2") || c.has("node1", "only-node1") {
		t.Error("the live database has changed")
	}
	if got := listed(c, "node1"); slices.ContainsFunc(got, func(i snapshot.Info) bool { return i.Why == "replaced" }) {
		t.Errorf("snapshots are %v", got)
	}
}

func TestARestoredSnapshotLeadsOnceItIsBlessed(t *testing.T) {
	c, name := newKeptRows(t)
	c.away("node1")
	c.away("node2")
	got := c.tool("node1", exitHealthy, "snapshots", "restore", name, "--yes")
	wantText(t, got.stdout, "is kept as snapshot OVN_Northbound.", "has not seen the current term 2", "ovndb-servers bless")
	c.agent("node1", "start", 0)
	c.wantValue("master-ovndb", "node1", "")
	c.agent("node1", "promote", 1)
	c.tool("node1", exitHealthy, "bless", "--resource", "ovndb", "--reason", "only-node1 is wanted", "--yes")
	c.agent("node1", "promote", 0)
	if !c.has("node1", "only-node1") || c.has("node1", "only-node2") {
		t.Error("the restored rows do not lead")
	}
	if i := slices.IndexFunc(listed(c, "node1"), func(i snapshot.Info) bool {
		return i.Why == "replaced" && strings.Contains(i.Reason, name)
	}); i < 0 {
		t.Errorf("the replaced file is not among %v", listed(c, "node1"))
	}
}

func TestARestoredSnapshotIsKeptAgainBeforeItIsDiscarded(t *testing.T) {
	c, name := newKeptRows(t)
	c.away("node1")
	c.tool("node1", exitHealthy, "snapshots", "restore", name, "--yes")
	c.agent("node1", "start", 0)
	c.await("node1", "only-node2")
	all := listed(c, "node1")
	kept := func(i snapshot.Info) bool { return i.Why == "was-active" && i.Database == "OVN_Northbound" }
	if !slices.ContainsFunc(all, kept) {
		t.Errorf("snapshots are %v", all)
	}
}

func TestShowIsBoundedAndSaysHowMuchThereIs(t *testing.T) {
	c, name := newKeptRows(t)
	const rows = maxRows + 10
	for i := range rows {
		c.insert("node2", fmt.Sprintf("more-%d", i))
	}
	c.await("node1", fmt.Sprintf("more-%d", rows-1))
	few := c.tool("node1", exitHealthy, "snapshots", "show", name).stdout
	if !strings.Contains(few, "and 12 more rows: show them with --all") || strings.Count(few, "Logical_Switch  ") != maxRows {
		t.Errorf("shown is\n%s", few)
	}
	all := decode[shown](t, c.tool("node1", exitHealthy, "snapshots", "show", name, "--all", "-o", "json").stdout)
	wantText(t, c.tool("node1", exitHealthy, "snapshots", "show", name, "-o", "yaml").stdout, "name: \""+name+"\"\n")
	if all.Total != rows+2 || len(all.Differences) != rows+2 || all.Counts[snapshot.Missing] != 1 || !all.Compared {
		t.Errorf("shown are %d of %d, %v", len(all.Differences), all.Total, all.Counts)
	}
	c.away("node1")
	got := c.tool("node1", exitUnknown, "snapshots", "show", name)
	if !strings.Contains(got.stdout, "why:") || !strings.Contains(got.stderr, "not compared") {
		t.Errorf("without a server: %+v", got)
	}
}

func TestSnapshotsOfANodeWithoutAnyAndNamesThatAreNone(t *testing.T) {
	c := newTestCluster(t)
	if got := c.tool("node1", exitHealthy, "snapshots", "list"); !strings.Contains(got.stdout, "no snapshots in") {
		t.Errorf("got %+v", got)
	}
	if got := c.tool("node1", exitHealthy, "snapshots", "list", "-o", "json"); got.stdout != "[]\n" {
		t.Errorf("got %+v", got)
	}
	if got := c.tool("node1", exitHealthy, "snapshots", "list", "-o", "yaml"); got.stdout != "[]\n" {
		t.Errorf("as YAML: %q", got.stdout)
	}
	for _, name := range []string{"nothing", "../db", "/etc/passwd", ".."} {
		c.tool("node1", exitNoSuch, "snapshots", "show", name)
		c.tool("node1", exitNoSuch, "snapshots", "restore", name, "--yes")
	}
	for _, args := range [][]string{{"snapshots", "show"}, {"snapshots", "restore", "a", "b"}, {"snapshots", "show", "a", "-o", "xml"}} {
		c.tool("node1", exitUsage, args...)
	}
}

// From a node that has booted, and whose Pacemaker is not started: /run is empty, and the snapshots are there.
func TestSnapshotsAreFoundAfterABootWithoutThePacemakerThatNamesTheResource(t *testing.T) {
	c := newTestCluster(t)
	state := filepath.Join(c.nodes["node1"], "state")
	write(t, filepath.Join(state, "ovndb", "snapshots", "OVN_Northbound.000001.20260101T000000Z.resync.db"), "", 0o600)
	write(t, filepath.Join(state, "lost+found", "x"), "", 0o600) // of a file system of its own
	if got := c.tool("node1", exitHealthy, "snapshots", "list").stdout; !strings.Contains(got, "no snapshots") {
		t.Errorf("a resource that the cluster does not have: %s", got)
	}
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "#!/bin/sh\necho 'crm_mon: Error: cluster is not available on this node' >&2\nexit 102\n", 0o755)
	wantText(t, c.tool("node1", exitHealthy, "snapshots", "list").stdout, "OVN_Northbound.000001")
	write(t, filepath.Join(state, "other", "latest-term"), "", 0o600)
	wantText(t, c.tool("node1", exitUsage, "snapshots", "list").stderr, `choose one with --resource: ["other" "ovndb"]`)
}

// newStoppedNode returns the directories of a node whose servers are stopped, and the flags that
// name them.
func newStoppedNode(t *testing.T) (databases string, directory snapshot.Directory, flags []string) {
	t.Helper()
	base, err := os.MkdirTemp("", "ovn") // short, for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	databases = filepath.Join(base, "db")
	if err := os.Mkdir(databases, 0o700); err != nil {
		t.Fatal(err)
	}
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), filepath.Join(databases, "ovnnb_db.db"))
	state, runtime := filepath.Join(base, "state"), filepath.Join(base, "state-run")
	flags = []string{
		"--resource", "ovndb", "--dbdir", databases, "--rundir", filepath.Join(base, "run"), "--statedir", state, "--staterundir", runtime,
	}
	return databases, snapshot.In(filepath.Join(state, "ovndb"), databases), flags
}

func TestSnapshotsOfAStoppedNodeAndOfAnEarlierVersionAreListedShownAndRestored(t *testing.T) {
	t.Parallel()
	databases, directory, flags := newStoppedNode(t)
	tool := func(code int, args ...string) outcome {
		t.Helper()
		got := call(t, slices.Concat([]string{"/usr/sbin/ovndb-servers", "snapshots"}, args, flags)...)
		if got.code != code {
			t.Fatalf("%v: %+v, want code %d", args, got, code)
		}
		return got
	}
	taken, _, err := directory.Take(t.Context(), snapshot.Info{
		Database: "OVN_Northbound", File: filepath.Join(databases, "ovnnb_db.db"), Why: "ahead", Reason: "a \x1b[31mreason\nof two lines",
	})
	if err != nil {
		t.Fatal(err)
	}
	const earlier = "OVN_Northbound.20260304T050607.000000890Z.adopted"
	if err := os.Mkdir(filepath.Join(databases, snapshot.EarlierDirectoryName), 0o700); err != nil {
		t.Fatal(err)
	}
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), filepath.Join(databases, snapshot.EarlierDirectoryName, earlier+".db"))
	text := tool(exitHealthy, "list").stdout
	wantText(t, text, taken.Name, earlier, `a \u001b[31mreason\u000aof two lines`)
	if strings.Count(text, "\n") != 3 {
		t.Errorf("listed are\n%s", text)
	}
	for _, name := range []string{taken.Name, earlier} {
		wantText(t, tool(exitUnknown, "show", name).stdout, name, "why:")
		wantText(t, tool(exitHealthy, "restore", name, "--yes").stdout, "restored OVN_Northbound from snapshot "+name)
	}
}

func TestShownNamesAndValuesOfADatabaseArePrintable(t *testing.T) {
	t.Parallel()
	const hostile = "x\x1b[2J\ny\u009b"
	var b strings.Builder
	err := writeShown(&b, shown{
		Compared: true, NotCompared: []string{hostile},
		Differences: []snapshot.Difference{{
			Kind: snapshot.Missing, Table: hostile, UUID: hostile,
			Columns: []snapshot.Change{{Column: hostile, Snapshot: []string{hostile}, Live: []string{hostile}}},
		}},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.ContainsAny(text, "\x1b\u009b") || strings.Count(text, `x\u001b[2J\u000ay\u009b`) != 5 {
		t.Errorf("printed is %q", text)
	}
}
