package replication_test

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestProgressIsAheadOnlyWhereThatIsCertain(t *testing.T) {
	t.Parallel()
	at := func(beat, changes, possible uint64) replication.Progress {
		return replication.Progress{Beat: beat, Changes: changes, Possible: possible}
	}
	for _, tt := range []struct {
		name      string
		p, q      replication.Progress
		compare   int
		mayExceed bool
	}{
		{"a later beat, whatever came after the earlier one", at(8, 0, 0), at(7, 90, 90), 1, true},
		{"an earlier beat", at(7, 90, 90), at(8, 0, 0), -1, false},
		{"the same beat and more changes", at(7, 6, 6), at(7, 5, 5), 1, true},
		{"the same", at(7, 5, 5), at(7, 5, 5), 0, false},
		{"the same, as uncertain", at(7, 5, 9), at(7, 5, 9), 0, false},
		{"changes that came with the beat may be more than the other has", at(7, 5, 9), at(7, 7, 7), 0, true},
		{"changes that came with the other's beat may be more", at(7, 5, 5), at(7, 3, 9), 0, true},
		{"more even if all that came with the other's beat counts", at(7, 10, 10), at(7, 3, 9), 1, true},
		{"a copy made since the beat: nothing is known", at(7, 0, 1000), at(7, 5, 5), 0, true},
	} {
		if got := tt.p.Compare(tt.q); got != tt.compare {
			t.Errorf("%s: %v is compared to %v as %d, want %d", tt.name, tt.p, tt.q, got, tt.compare)
		}
		if got := tt.q.Compare(tt.p); got != -tt.compare {
			t.Errorf("%s: %v is compared to %v as %d, want %d", tt.name, tt.q, tt.p, got, -tt.compare)
		}
		if got := tt.p.MayExceed(tt.q); got != tt.mayExceed {
			t.Errorf("%s: %v may exceed %v: %t, want %t", tt.name, tt.p, tt.q, got, tt.mayExceed)
		}
	}
}
