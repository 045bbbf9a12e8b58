package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestStateOfABackupOnAnotherNodeIsWhatItSaysOfItself(t *testing.T) {
	t.Parallel()
	const none = replication.FreshnessUnsettled
	for _, row := range []struct {
		state     replication.State
		freshness replication.Freshness
		want      string
	}{
		{"", none, stateUnknown},
		{"", replication.FreshnessFresh, stateFresh},
		{"", replication.FreshnessStale, stateBehind},
		{replication.StateFresh, none, stateFresh},
		{replication.StateFresh, replication.FreshnessFresh, stateFresh},
		{replication.StateFresh, replication.FreshnessStale, stateBehind},
		{replication.StateStale, none, stateStale},
		{replication.StateStale, replication.FreshnessStale, stateStale},
		{replication.StateStale, replication.FreshnessFresh, stateFresh},
		{replication.StateParked, replication.FreshnessFresh, stateParked},
		{replication.StateBarred, replication.FreshnessFresh, stateBarred},
		{replication.StateFailed, replication.FreshnessFresh, stateFailed},
		{replication.StateActive, none, stateUnknown},
		{"BACKUP:of a later version", replication.FreshnessFresh, stateFresh},
	} {
		others := otherNodes{states: map[string]replication.State{"n": row.state}, freshness: map[string]replication.Freshness{"n": row.freshness}}
		if got := others.backupState("n"); got != row.want {
			t.Errorf("%s, freshness %v: %s, want %s", row.state, row.freshness, got, row.want)
		}
	}
}

// othersOf returns what status says of another node, by its two databases, and the problems.
func othersOf(n nodeReport, others otherNodes, promoted ...string) (copies, problems string) {
	r := report{Cluster: clusterReport{Record: &recordReport{TermID: termTwoID}}}
	for _, name := range promoted {
		r.Cluster.Nodes = append(r.Cluster.Nodes, nodeReport{Name: name, Role: "Promoted"})
	}
	n.Name = "n"
	r.addOtherCopies(n, control.Units(process.Layout{}, control.Endpoint{}, control.Endpoint{}), others)
	var all []string
	for _, c := range r.Copies {
		all = append(all, strings.TrimSpace(c.State+" "+c.Known))
	}
	return strings.Join(all, ", "), strings.Join(r.Problems, "; ")
}

func TestWordOfAnotherNodeCountsWhereItSaysMoreThanCanBeSeenFromHere(t *testing.T) {
	t.Parallel()
	const nb, sb = "tcp:192.0.2.2:6641", "tcp:192.0.2.2:6642"
	answers := func(noNB error) otherNodes {
		answer := sourceAnswer{state: control.SourceState{Active: true, Marker: &replication.Marker{Term: 2, TermID: termTwoID}}}
		return otherNodes{
			sources: map[string]replication.Sources{"n": {"OVN_Northbound": nb, "OVN_Southbound": sb}},
			answers: map[string]sourceAnswer{nb: {state: answer.state, err: noNB}, sb: answer},
		}
	}
	active, backup := nodeReport{State: "online", Role: "Promoted"}, nodeReport{State: "online", Role: "Unpromoted"}
	for _, row := range []struct {
		name             string
		node             nodeReport
		others           otherNodes
		state            replication.State
		promoted         []string
		copies, problems string
	}{
		{"both answer", active, answers(nil), replication.StateActive, nil, "fresh asked, fresh asked", ""},
		{
			"both answer, and its disk takes no writes", active, answers(nil), replication.StateNoWrites, nil,
			"no writes by its word, no writes by its word", "node n is promoted and says that clients cannot write to it (NO-WRITES)",
		},
		{
			"one answers, and the other is down", active, answers(ovsdbctl.ErrNoAnswer), replication.StateNoWrites, nil,
			"unreachable asked, fresh asked", "says that clients cannot write to it",
		},
		{"it cannot be asked", active, otherNodes{}, replication.StateActive, nil, "fresh by its word, fresh by its word", ""},
		{"it cannot be asked, and says nothing", active, otherNodes{}, "", nil, "unknown, unknown", ""},
		{"it says nothing yet that fits its role", active, answers(nil), replication.StateParked, nil, "fresh asked, fresh asked", ""},
		{"stale", backup, otherNodes{}, replication.StateStale, []string{"m"}, "stale by its word, stale by its word", "node n says that it is behind"},
		{"parked beside an active", backup, otherNodes{}, replication.StateParked, []string{"m"}, "parked by its word, parked by its word", "node n says that it follows no node"},
		{"parked, as no node is active", backup, otherNodes{}, replication.StateParked, nil, "parked by its word, parked by its word", ""},
		{"failed", backup, otherNodes{}, replication.StateFailed, nil, "failed by its word, failed by its word", "a server that does not work"},
		{"barred", backup, otherNodes{}, replication.StateBarred, nil, "barred by its word, barred by its word", "may not lead"},
		{"stopped", nodeReport{State: "online", Role: "Stopped"}, otherNodes{}, "", nil, "unknown, unknown", ""},
		{
			"lost",
			nodeReport{State: "offline", Role: "Stopped"},
			otherNodes{},
			replication.StateFresh, nil,
			"offline by Pacemaker, offline by Pacemaker", "node n is offline",
		},
	} {
		row.others.states = map[string]replication.State{"n": row.state}
		copies, problems := othersOf(row.node, row.others, row.promoted...)
		if copies != row.copies || !strings.Contains(problems, row.problems) || row.problems == "" && problems != "" {
			t.Errorf("%s: %s; problems: %s\nwant %s; problems: %s", row.name, copies, problems, row.copies, row.problems)
		}
	}
}

// fill fills the disk that a file is created on.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// From an active under its supervisor, whose disk then fills up: an empty transaction is committed there as
// before.
func TestStatusOfABackupShowsThatTheActivesDiskTakesNoWrites(t *testing.T) {
	s := supervised{newTestCluster(t)}
	s.enable()
	s.parameters["OCF_RESKEY_disk_patience"] = "600"
	t.Setenv("OCF_RESKEY_disk_patience", "600")
	disk := filepath.Join(s.nodes["node1"], "db")
	if err := os.MkdirAll(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=755"); err != nil {
		t.Skipf("cannot mount a disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	s.lead("node1")
	s.insert("node1", "a")
	unsupervised := s.testCluster
	unsupervised.path = ""
	unsupervised.agent("node2", "start", 0)
	s.role("node2", "Unpromoted")
	s.await("node2", "a")
	s.tool("node2", exitHealthy, "status")
	fill(t, filepath.Join(disk, "filler"))
	s.becomes("the state to be published", func() bool { return s.value("ovndb-state", "node1") == string(replication.StateNoWrites) })
	got := s.tool("node2", exitDegraded, "status", "-o", "json")
	const want = "node1 OVN_Northbound active no writes\nnode1 OVN_Southbound active no writes\n" +
		"node2 OVN_Northbound backup fresh\nnode2 OVN_Southbound backup fresh"
	if copies := copiesOf(t, got.stdout); copies != want {
		t.Errorf("copies are\n%s\nwant\n%s", copies, want)
	}
	wantText(t, got.stdout, "node node1 is promoted and says that clients cannot write to it (NO-WRITES); on node1: ovndb-servers status")
}
