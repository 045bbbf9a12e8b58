package control_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// quoted returns a text as JSON has it.
func quoted(text string) string {
	quoted, _ := json.Marshal(text) // a text can be encoded
	return string(quoted)
}

// setKey has a client write a key of the global row's external_ids.
func setKey(t *testing.T, c *control.Controller, key, value string) {
	t.Helper()
	transact(t, c, `["OVN_Northbound",{"op":"mutate","table":"NB_Global","where":[],"mutations":[["external_ids","delete",["set",["`+key+`"]]],`+
		`["external_ids","insert",["map",[["`+key+`",`+quoted(value)+`]]]]]}]`)
}

// Whoever may write rows can write anything into the marker.
func TestMarkersThatCannotBeReadEndNoPromotionNorABlessing(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]string{
		"term": "no number", "lineage": "x\" host=\"node2", "term-id": "x\nname=\"p\" host=\"node2\"", "beat": "99999999999999999999", "base": "\x1b[31m",
	} {
		trio := newLedTrio(t)
		led, next := trio.nodes[0], trio.nodes[1]
		setKey(t, led, "ovndb-servers:"+key, value)
		if _, err := led.Survey(testContext(t)); err != nil {
			t.Errorf("%s: no blessing can be given: %v", key, err)
		}
		if v := wantHealth(t, led, replication.HealthActive); v.Over {
			t.Errorf("%s: its term is over: %s", key, v.Reason())
		}
		own, err := led.OwnTerm()
		must(t, err)
		states := led.Observe(testContext(t), led.LiveView()).Servers
		seen := map[string]*replication.Marker{}
		if _, err := led.Heal(testContext(t), *own, led.Markers(testContext(t), states), seen); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if found := led.Markers(testContext(t), states)[nb]; found == nil || found.TermID != own.Record.TermID {
			t.Errorf("%s: the marker was not written back: %+v", key, found)
		}
		setKey(t, led, "ovndb-servers:"+key, value) // once more, right before the demotion
		must(t, led.Demote(testContext(t)))
		must(t, next.Promote(testContext(t), replication.Participants{}))
		wantHealth(t, next, replication.HealthActive)
	}
}

// A client makes the base of the new term say that the source has all rows of the term before.
func TestBaseThatAClientHasWrittenDoesNotKeepRowsFromASnapshot(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	three.beat(t)
	for _, n := range three.nodes[1:] { // cut off from node1, which goes on
		must(t, n.Units[0].Server.Follow(testContext(t), n.Units[0].Endpoint.Parking(), 0))
	}
	insert(t, three.nodes[0], "only-here")
	three.cutOff(0)
	three.promote(t, 1, 0)
	setKey(t, three.nodes[1], "ovndb-servers:base", "1000+0")
	three.nodes[0].Monitor(testContext(t), true) // it steps down
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	wantRows(t, three.nodes[0], "a")
	if kept := snapshots(t, three.nodes[0])["ahead"]; !slices.Equal(kept, []string{"a", "only-here"}) {
		t.Errorf("kept are %q", kept)
	}
}

// The beat is the last one that can be read, and the active counts on from it in its demotion.
func TestHighestBeatThatAClientCanWriteEndsNoPromotion(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led, next := trio.nodes[0], trio.nodes[1]
	insert(t, led, "kept")
	wantRows(t, next, "kept")
	setKey(t, led, "ovndb-servers:beat", "9223372036854775807")
	must(t, led.Demote(testContext(t)))
	must(t, next.Promote(testContext(t), replication.Participants{Nodes: []string{"node2"}}))
	wantHealth(t, next, replication.HealthActive)
	wantRows(t, next, "kept")
}

// newSuccessorOfTerm returns the second node, which has the rows "kept" and "last", of a cluster whose active
// is lost before it has written a client's term in its marker back.
func newSuccessorOfTerm(t *testing.T, term string) *control.Controller {
	t.Helper()
	three := newLedTrio(t)
	led, next := three.nodes[0], three.nodes[1]
	insert(t, led, "kept")
	wantRows(t, next, "kept")
	setKey(t, led, "ovndb-servers:term", term)
	insert(t, led, "last")
	wantRows(t, next, "kept", "last")
	for _, u := range led.Units {
		controltest.Kill(t, u)
	}
	return next
}

// The active is lost before it has written the marker back.
func TestDataWhoseMarkerCannotBeReadLeadsOnceItIsBlessed(t *testing.T) {
	t.Parallel()
	next := newSuccessorOfTerm(t, "no number")
	if err := next.Promote(testContext(t), replication.Participants{Nodes: []string{"node2"}}); err == nil {
		t.Error("data of no known term leads by itself")
	}
	if _, err := next.Survey(testContext(t)); err != nil {
		t.Fatal(err)
	}
	must(t, next.Bless(testContext(t), "a client has written into the marker"))
	must(t, next.Promote(testContext(t), replication.Participants{Nodes: []string{"node2"}}))
	wantHealth(t, next, replication.HealthActive)
	wantRows(t, next, "kept", "last")
}

func addConnections(t *testing.T, c *control.Controller, targets ...string) {
	t.Helper()
	for _, target := range targets {
		transact(t, c, `["OVN_Northbound",{"op":"insert","table":"Connection","uuid-name":"c","row":{"target":`+quoted(target)+`}},`+
			`{"op":"mutate","table":"NB_Global","where":[],"mutations":[["connections","insert",["named-uuid","c"]]]}]`)
	}
}

func TestRowsByWhichAServerWouldRemoveAFileAreRemovedAndOthersThanPortsReported(t *testing.T) {
	t.Parallel()
	trio := newLedTrio(t)
	led, next := trio.nodes[0], trio.nodes[1]
	if faults := led.Faults(testContext(t), true); len(faults) > 0 {
		t.Errorf("faults are %q, want none", faults)
	}
	harmed := filepath.Join(t.TempDir(), "file")
	addConnections(t, led, "punix:"+harmed, "unix:/x\x1b[31m", "tcp:192.0.2.9:6640")
	own, err := led.OwnTerm()
	must(t, err)
	led.KeepListeners(testContext(t), *own, func() bool { return true })
	faults := led.Faults(testContext(t), true)
	if len(faults) != 1 || !strings.Contains(faults[0], `2 Connection rows of OVN_Northbound`) || !strings.Contains(faults[0], `"unix:/x\x1b[31m"`) ||
		!strings.Contains(faults[0], "ovn-nbctl del-connection") || strings.Contains(faults[0], "punix") {
		t.Errorf("faults are %q", faults)
	}
	addConnections(t, led, "punix:"+harmed+"2")
	must(t, led.Demote(testContext(t)))
	must(t, os.RemoveAll(harmed+"2"))             // the socket of the server that had its listeners open
	must(t, os.WriteFile(harmed+"2", nil, 0o600)) // the row has come to the next node
	must(t, next.Promote(testContext(t), replication.Participants{}))
	if info, err := os.Lstat(harmed + "2"); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the file became %v, %v", info, err)
	}
}

func TestDatabaseFileThatWasRemovedUnderItsServerIsAFaultUntilItIsWrittenAgain(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	u := led.Units[0]
	must(t, os.Remove(u.Files.Database))
	faults := led.Faults(testContext(t), false)
	if len(faults) != 1 || !strings.Contains(faults[0], u.Files.Database) || !strings.Contains(faults[0], "ovsdb-server/compact") {
		t.Errorf("faults are %q", faults)
	}
	must(t, os.WriteFile(u.Files.Database, []byte("another file"), 0o600))
	if faults := led.Faults(testContext(t), false); len(faults) != 1 {
		t.Errorf("another file of its name: faults are %q", faults)
	}
	must(t, os.Remove(u.Files.Database))
	out, err := exec.CommandContext(testContext(t), "ovs-appctl", "-t", u.Files.ControlSocket, "ovsdb-server/compact").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if faults := led.Faults(testContext(t), false); len(faults) > 0 {
		t.Errorf("after a compaction: faults are %q", faults)
	}
}
