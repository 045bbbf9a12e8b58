package replication_test

import (
	"strings"
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	source := func(term uint64, id, prev string) *replication.Marker {
		return &replication.Marker{Lineage: "L", Term: term, TermID: id, PrevTermID: prev, Beat: 1, Base: replication.Progress{Beat: 7, Changes: 5, Possible: 5}}
	}
	record := &replication.Record{Term: 4, TermID: "T4", Node: "node1"}
	for _, tt := range []struct {
		name          string
		in            replication.Joining
		refuse, why   string
		notWritable   bool
		withoutRecord bool
	}{
		{name: "a backup of the source's term follows", in: replication.Joining{Own: at(4, "T4", "T3", 9, 9), Source: source(4, "T4", "T3")}},
		{name: "a blank node follows", in: replication.Joining{Source: source(4, "T4", "T3")}},
		{name: "a node with rows and no term keeps them first", in: replication.Joining{Rows: 3, Source: source(4, "T4", "T3")}, why: "adopted"},
		{name: "a node of the term before that is not ahead follows", in: replication.Joining{Own: at(3, "T3", "T2", 7, 4), Source: source(4, "T4", "T3")}},
		{name: "a node of the term before that is ahead keeps its rows first", in: replication.Joining{Own: at(3, "T3", "T2", 7, 6), Source: source(4, "T4", "T3")}, why: "ahead"},
		{name: "a node of an older term keeps its rows first", in: replication.Joining{Own: at(2, "T2", "T1", 1, 0), Source: source(4, "T4", "T3")}, why: "older-term"},
		{name: "a node that was writable unasked keeps its rows first", in: replication.Joining{Own: at(4, "T4", "T3", 9, 9), WasActive: true, Source: source(4, "T4", "T3")}, why: "was-active"},
		{name: "a node of two promotions that were never recorded, from no more than the source's, follows", in: replication.Joining{Own: unrecorded(at(5, "T5", "T3", 9, 9), 7, 5), Source: source(4, "T4", "T3")}},
		{name: "a node of two promotions that were never recorded, from more than the source's, keeps its rows first", in: replication.Joining{Own: unrecorded(at(5, "T5", "T3", 9, 9), 7, 6), Source: source(4, "T4", "T3")}, why: "older-term"},
		{name: "without a record, a source of an earlier term is refused", in: replication.Joining{Own: at(5, "T5", "T3", 9, 9), Source: source(4, "T4", "T3")}, withoutRecord: true, refuse: "is earlier"},
		{name: "a source whose term is over is refused", in: replication.Joining{Own: at(3, "T3", "T2", 7, 4), Source: source(3, "T3", "T2")}, refuse: "is over"},
		{name: "a source that is no active is refused", in: replication.Joining{Source: source(4, "T4", "T3")}, notWritable: true, refuse: "not active"},
		{name: "a source without a term is refused", in: replication.Joining{}, refuse: "no term"},
		{name: "a source of another lineage is refused", in: replication.Joining{Own: replication.Position{Lineage: "X", Term: 1, TermID: "X1"}, Source: source(4, "T4", "T3")}, refuse: "another origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.SourceWritable = !tt.notWritable
			if !tt.withoutRecord {
				tt.in.Record = record
			}
			got := replication.Admit(tt.in)
			if got.Why != tt.why || !strings.Contains(got.Refuse, tt.refuse) || (got.Refuse == "") != (tt.refuse == "") {
				t.Errorf("admission is %+v, want snapshot %q, refusal %q", got, tt.why, tt.refuse)
			}
		})
	}
}
