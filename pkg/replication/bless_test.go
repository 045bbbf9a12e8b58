package replication_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

func TestAReasonFitsIntoAnAttributeOfTheCluster(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"disk of node1 burned":          "disk of node1 burned",
		"  two\nlines\tand \"quotes\" ": "two lines and 'quotes'",
		`a\b`:                           "a/b",
		"a<b>&c":                        "a b c",
		"\x00\xff":                      "",
		strings.Repeat("ä", 250):        strings.Repeat("?", 200),
	} {
		if got := replication.CleanReason(text); got != want {
			t.Errorf("reason %q becomes %q, want %q", text, got, want)
		}
	}
}

func TestABlessingHoldsForTheTermInWhichItWasGiven(t *testing.T) {
	t.Parallel()
	record := &replication.Record{Term: 3, TermID: "T3", Node: "node1"}
	given := replication.ParseBlessing(replication.Blessing{TermID: "T3", Reason: "node1 burned"}.String())
	if diff := cmp.Diff(&replication.Blessing{TermID: "T3", Reason: "node1 burned"}, given); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	first := replication.ParseBlessing(replication.Blessing{Reason: "no record"}.String())
	for _, tt := range []struct {
		name   string
		b      *replication.Blessing
		record *replication.Record
		want   bool
	}{
		{name: "none", record: record},
		{name: "given in this term", b: given, record: record, want: true},
		{name: "given in an earlier term", b: given, record: &replication.Record{Term: 4, TermID: "T4"}},
		{name: "given in a term whose record is lost", b: given},
		{name: "given before any term", b: first, want: true},
		{name: "given before the first term", b: first, record: record},
	} {
		if got := tt.b.Holds(tt.record); got != tt.want {
			t.Errorf("%s: holds is %t, want %t", tt.name, got, tt.want)
		}
	}
}
