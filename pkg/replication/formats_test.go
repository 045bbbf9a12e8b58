package replication_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

func at(term uint64, termID, prev string, beat, changes uint64) replication.Position {
	return replication.Position{
		Lineage: "L", Term: term, TermID: termID, PrevTermID: prev,
		Progress: replication.Progress{Beat: beat, Changes: changes, Possible: changes},
	}
}

func both(p replication.Position) replication.Positions {
	return replication.Positions{nb: p, sb: p}
}

func TestPositionsAreReadBack(t *testing.T) {
	t.Parallel()
	want := replication.Positions{nb: at(3, "T3", "T2", 7, 5), sb: {Content: "abc"}}
	got, err := replication.ParsePositions(want.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
}

func TestAHostilePositionForgesNoOther(t *testing.T) {
	t.Parallel()
	p := at(3, "T3", "T2", 7, 5)
	p.Lineage = "L/9/T9/T8/9+9/0+0/,OVN_Southbound=\"\n r2"
	got, err := replication.ParsePositions(replication.Positions{nb: p}.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[nb].Term != 3 || got[nb].Progress != p.Progress {
		t.Errorf("it is read as %v", got)
	}
}

func TestMarkersAreReadBack(t *testing.T) {
	t.Parallel()
	want := replication.Marker{
		Lineage: id("L"), Term: 3, TermID: id("3"), Active: "node1", Base: replication.Progress{Beat: 2, Changes: 1, Possible: 4}, Beat: 7,
	}
	got, err := replication.ParseMarker(want.ExternalIDs())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("marker (-want +got):\n%s", diff)
	}
	if m, err := replication.ParseMarker(map[string]string{"other": "key"}); m != nil || err != nil {
		t.Errorf("an unmarked database has marker %v, %v", m, err)
	}
}

func FuzzParsePositions(f *testing.F) {
	f.Add(both(at(3, "T3", "T2", 7, 5)).String())
	f.Add("x=//////")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := replication.ParsePositions(text)
		if err != nil {
			return
		}
		again, err := replication.ParsePositions(got.String())
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("%q is read as %v, written and read again as %v, %v", text, got, again, err)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add("3 T3 node1")
	f.Add("3 T3 node1 members=node1,node2 end=" + both(at(3, "T3", "T2", 7, 5)).String() + " blessed: once")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := replication.ParseRecord(text)
		if err != nil || got == nil {
			return
		}
		again, err := replication.ParseRecord(got.String())
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("%q is read as %v and again as %v, %v", text, got, again, err)
		}
		if err := got.Succeeds(nil); err != nil {
			t.Fatalf("%q may not be recorded: %v", text, err)
		}
	})
}

func FuzzParseMarker(f *testing.F) {
	f.Add(id("L"), "3", id("3"), "7", "7+5")
	f.Fuzz(func(t *testing.T, lineage, term, termID, beat, base string) {
		const p = replication.MarkerPrefix
		m, err := replication.ParseMarker(map[string]string{
			p + "lineage": lineage, p + "term": term, p + "term-id": termID, p + "beat": beat, p + "base": base,
		})
		if err != nil || m == nil {
			return
		}
		again, err := replication.ParseMarker(m.ExternalIDs())
		if err != nil || !cmp.Equal(m, again) {
			t.Fatalf("%+v is written and read again as %+v, %v", m, again, err)
		}
	})
}

// One node's answer must change no other's.
func FuzzReadAnswers(f *testing.F) {
	f.Add("round "+both(at(3, "T3", "T2", 7, 5)).String(), "round")
	f.Add("round OVN_Northbound=L/3/T3/T2/7+5/0+0/ node2", "round")
	f.Fuzz(func(t *testing.T, hostile, round string) {
		good := both(at(4, "T4", "T3", 1, 0))
		answers := replication.ReadAnswers(map[string]string{"node1": hostile, "node2": round + " " + good.String()}, round)
		if strings.Contains(round, " ") {
			return // a round is a word
		}
		if !cmp.Equal(answers["node2"], good) {
			t.Errorf("node2's answer is read as %v", answers["node2"])
		}
		for node := range answers {
			if node != "node1" && node != "node2" {
				t.Errorf("node %q has answered", node)
			}
		}
		_ = answers["node1"].Summary()
	})
}

func FuzzParseBlessing(f *testing.F) {
	f.Add("T3 a reason")
	f.Add("- x")
	f.Fuzz(func(t *testing.T, text string) {
		got := replication.ParseBlessing(text)
		if got == nil {
			return
		}
		if again := replication.ParseBlessing(got.String()); !cmp.Equal(got, again) {
			t.Errorf("%q is read as %+v and again as %+v", text, got, again)
		}
	})
}

func FuzzParseSchemas(f *testing.F) {
	f.Add("OVN_Northbound=7.0.0 OVN_Southbound=20.27.0", "OVN_Northbound=7.1.0")
	f.Add("= x=1=2 y", "x=")
	f.Fuzz(func(t *testing.T, text, other string) {
		got := replication.ParseSchemas(text)
		if again := replication.ParseSchemas(got.String()); !cmp.Equal(got, again) {
			t.Errorf("%q is read as %v, written and read again as %v", text, got, again)
		}
		published := replication.ReadSchemas(map[string]string{"node1": text, "node2": other})
		all := replication.PendingUpgrades(published)
		if again := replication.PendingUpgrades(published); !cmp.Equal(all, again) {
			t.Errorf("of the same values, %v waits for nodes, and then %v", all, again)
		}
		for _, pending := range all {
			if len(pending.Missing) == 0 || len(pending.Missing) == len(published) {
				t.Errorf("%+v waits for %v of 2 nodes", pending, pending.Missing)
			}
		}
		for database, version := range got {
			u := replication.Upgrade{Database: database, Served: version, Installed: version, Published: published, Members: []string{"node1", "node2"}}
			if due, waits := u.Decide(); due || len(waits) > 0 {
				t.Errorf("a database of schema %q is converted to its own, or waits for %v", version, waits)
			}
		}
	})
}
