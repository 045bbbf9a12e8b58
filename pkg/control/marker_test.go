package control_test

import (
	"context"
	"os"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// A server of the active node does not answer in time: its marker is not known, which is not
// the same as one that a client has removed, and is not written back.
func TestMarkerOfAServerThatDoesNotAnswerIsNotTakenForRemoved(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	servers := led.Observe(testContext(t), led.LiveView()).Servers
	own, err := led.OwnTerm()
	must(t, err)
	silent, answering := led.Units[0], led.Units[1]
	freezeUnit(t, silent)

	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	found := led.Markers(ctx, servers)
	if m, known := found[silent.Name()]; known {
		t.Errorf("the marker of the silent server is %v, want none", m)
	}
	if found[answering.Name()] == nil {
		t.Error("the marker of the server that answers is missing")
	}
	healed, err := led.Heal(testContext(t), *own, found, map[string]*replication.Marker{})
	if err != nil || len(healed) > 0 {
		t.Errorf("healed are %v, %v, want none", healed, err)
	}
}

// A client clears the marker right before a planned demotion, which comes before the supervisor has
// written it back. The end of the data in the record is beyond all beats that the backups have received:
// one that lacks rows must not hold that end.
func TestEndOfATermIsBeyondItsBeatsThoughAClientHasClearedTheMarker(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	own, err := led.OwnTerm()
	must(t, err)
	const seen = 50_000
	must(t, led.SaveSupervisorState(control.SupervisorState{
		LastBeats: map[string]control.LastBeat{nb: {TermID: own.Record.TermID, Beat: seen}},
	}))
	transact(t, led, `["OVN_Northbound",{"op":"update","table":"NB_Global","where":[],"row":{"external_ids":["map",[]]}}]`)
	must(t, led.Demote(testContext(t)))
	record, err := led.Record(testContext(t))
	must(t, err)
	if end := record.End[nb].Progress; end.Beat <= seen {
		t.Errorf("the data of the term ended at %s, and beats were at %d", end, seen)
	}
}

// At rest nothing is written: the files of an active whose rows do not change stay as they are. A row is followed
// by one beat.
func TestBeatIsWrittenAfterChangesAndNoneAtRest(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	beat(t, led) // of what the promotion has written
	size := func() int64 {
		info, err := os.Stat(led.Units[0].Files.Database)
		must(t, err)
		return info.Size()
	}
	atRest := size()
	beat(t, led)
	if grown := size() - atRest; grown != 0 {
		t.Errorf("the file has grown by %d bytes though no row has changed", grown)
	}
	insert(t, led, "row")
	written := size()
	beat(t, led)
	beaten := size()
	if beaten == written {
		t.Error("no beat follows a row")
	}
	beat(t, led)
	if grown := size() - beaten; grown != 0 {
		t.Errorf("the file has grown by %d bytes since the beat", grown)
	}
}
