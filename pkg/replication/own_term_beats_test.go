package replication_test

import (
	"math"
	"testing"

	"ovndb-servers/pkg/replication"
)

// A client writes the highest beats into the marker of the active, which counts on from the beat that it finds.
func TestBeatThatAClientHasMadeTheHighestIsCountedOnFromTheLastOwn(t *testing.T) {
	t.Parallel()
	const db = "OVN_Northbound"
	own := replication.OwnTerm{Markers: map[string]replication.Marker{db: {
		Lineage: id("L"), Term: 3, TermID: id("3"), Active: "node1", Beat: 1,
	}}}
	at := func(beat uint64) *replication.Marker {
		m := own.Markers[db]
		m.Beat = beat
		return &m
	}
	for _, tt := range []struct {
		found, seen uint64
		healed      uint64 // 0: it fits
	}{
		{100, 100, 0},
		{101, 100, 0},
		{99, 100, 1100},
		{1 << 40, 100, 0}, // adopted: a backup may have received it
		{math.MaxInt64, 100, 1100},
		{math.MaxInt64 - 1, 100, 1100},
		{1<<62 + 1, 1 << 62, 0}, // its own, after a client had come as far as that
		{math.MaxInt64, 0, replication.BeatRecorded + 1000},   // right after the start of a supervisor
		{math.MaxInt64 - 1, 0, 0},                             // the same
		{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - 1}, // nothing better is known
	} {
		got, fits := own.Heal(db, at(tt.found), tt.seen)
		if fits != (tt.healed == 0) || !fits && got.Beat != tt.healed {
			t.Errorf("found %d, seen %d: healed to %d, fits %v; want %d", tt.found, tt.seen, got.Beat, fits, tt.healed)
		}
		if fits {
			got.Beat++
		}
		if _, err := replication.ParseMarker(got.ExternalIDs()); err != nil {
			t.Errorf("found %d, seen %d: the next one, %d, cannot be read: %v", tt.found, tt.seen, got.Beat, err)
		}
		if at(tt.found).Follows(at(tt.seen)) != (tt.healed == 0) && tt.seen > 0 {
			t.Errorf("found %d, seen %d: taken for the own: %v", tt.found, tt.seen, tt.healed != 0)
		}
	}
}
