package replication_test

import (
	"fmt"
	"math/rand/v2"
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

func unrecorded(p replication.Position, baseBeat, baseChanges uint64) replication.Position {
	p.Base = replication.Progress{Beat: baseBeat, Changes: baseChanges, Possible: baseChanges}
	return p
}

func both(p replication.Position) replication.Positions {
	return replication.Positions{nb: p, sb: p}
}

func content(digest string) replication.Positions {
	return both(replication.Position{Content: digest})
}

func TestElect(t *testing.T) {
	t.Parallel()
	record := &replication.Record{Term: 3, TermID: "T3", Node: "node9"}
	current, stale := both(at(3, "T3", "T2", 7, 5)), both(at(2, "T2", "T1", 90, 9))
	fresher := both(at(3, "T3", "T2", 7, 6))
	for _, tt := range []struct {
		name   string
		ballot replication.Election
		lead   bool
		yield  string
		reason string
	}{
		{
			name:   "current and alone: leads",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": current}}, lead: true,
		},
		{
			name:   "current beside a stale node with more beats of an older term: leads",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": current, "b": stale}}, lead: true,
		},
		{
			name:   "current beside a node with one more change: yields to it",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": current, "b": fresher}}, yield: "b", reason: "node b holds more",
		},
		{
			name:   "equal to another: leads",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": current, "a": current}}, lead: true,
		},
		{
			name:   "stale and alone: waits, and says who led",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": stale}}, reason: "node node9 led",
		},
		{
			name:   "stale and alone, blessed: leads",
			ballot: replication.Election{Record: record, Blessed: true, Candidates: map[string]replication.Positions{"self": stale}}, lead: true,
		},
		{
			name:   "stale beside a current node: yields to it",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": stale, "b": current}}, yield: "b", reason: "holds more",
		},
		{
			name: "one database current, the other not: does not lead",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{
				"self": {nb: at(3, "T3", "T2", 7, 5), sb: at(2, "T2", "T1", 7, 5)},
			}},
			reason: "no node that takes part",
		},
		{
			name:   "blank beside nothing while a term is recorded: does not lead",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{"self": content("")}}, reason: "no node that takes part",
		},
		{
			name: "promoted after the recorded term and crashed before it was recorded: leads",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{
				"self": both(unrecorded(at(4, "T4", "T3", 1, 0), 7, 5)), "b": current,
			}},
			lead: true,
		},
		{
			name: "promoted and never recorded from less than another node holds: yields to that node",
			ballot: replication.Election{Record: record, Candidates: map[string]replication.Positions{
				"self": both(unrecorded(at(4, "T4", "T3", 1, 0), 7, 5)), "b": fresher,
			}},
			yield: "b", reason: "node b holds more",
		},
		{
			name:   "a brand-new cluster, all blank: leads",
			ballot: replication.Election{Candidates: map[string]replication.Positions{"self": content(""), "b": content("")}}, lead: true,
		},
		{
			name:   "adoption, this node has the content: leads",
			ballot: replication.Election{Candidates: map[string]replication.Positions{"self": content("x"), "b": content(""), "c": content("x")}}, lead: true,
		},
		{
			name:   "adoption, another node has the content: yields to it",
			ballot: replication.Election{Candidates: map[string]replication.Positions{"self": content(""), "b": content("x")}}, yield: "b", reason: "holds content",
		},
		{
			name:   "adoption, different contents: refuses and explains",
			ballot: replication.Election{Candidates: map[string]replication.Positions{"self": content("x"), "b": content("y")}}, reason: "different contents",
		},
		{
			name: "adoption, content of the databases on two nodes: refuses and explains",
			ballot: replication.Election{Candidates: map[string]replication.Positions{
				"self": {nb: {Content: "x"}, sb: {}}, "b": {nb: {}, sb: {Content: "y"}},
			}},
			reason: "no single node",
		},
		{
			name: "marked but no record, all nodes here: the furthest leads",
			ballot: replication.Election{Candidates: map[string]replication.Positions{
				"self": current, "b": stale,
			}},
			lead: true,
		},
		{
			name: "marked but no record, a node absent: refuses and names it",
			ballot: replication.Election{Absent: []string{"c"}, Candidates: map[string]replication.Positions{
				"self": current, "b": stale,
			}},
			reason: "node c is not here",
		},
		{
			name: "marked with two lineages, no record: refuses and explains",
			ballot: replication.Election{Candidates: map[string]replication.Positions{
				"self": current, "b": both(replication.Position{Lineage: "other", Term: 1, TermID: "O"}),
			}},
			reason: "different origins",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.ballot.Self = "self"
			got := replication.Elect(tt.ballot)
			if got.Lead != tt.lead || got.Yield != tt.yield || !strings.Contains(got.Reason, tt.reason) || (got.Reason == "") != tt.lead {
				t.Errorf("choice is %+v, want lead=%t yield=%q reason with %q", got, tt.lead, tt.yield, tt.reason)
			}
		})
	}
}

// history is a cluster whose promotions, writes, replication and crashes are
// drawn at random; the election decides every promotion.
type history struct {
	random *rand.Rand
	nodes  []string
	data   map[string]replication.Positions
	// held is what a position really stands for: the acknowledged writes.
	held   map[string]int
	record *replication.Record
	active string
	terms  int
}

func newHistory(seed uint64) *history {
	h := &history{
		random: rand.New(rand.NewPCG(seed, 7)), nodes: []string{"a", "b", "c"},
		data: map[string]replication.Positions{}, held: map[string]int{},
	}
	for _, n := range h.nodes {
		h.data[n] = content("")
	}
	return h
}

// elect lets a random part of the nodes take part and one of them be chosen,
// and checks the choice against what the nodes really hold.
func (h *history) elect(t *testing.T) {
	t.Helper()
	h.active = ""
	b := replication.Election{Record: h.record, Candidates: map[string]replication.Positions{}}
	for _, n := range h.nodes {
		if h.random.IntN(4) > 0 {
			b.Candidates[n] = h.data[n]
		} else {
			b.Absent = append(b.Absent, n)
		}
	}
	if len(b.Candidates) == 0 {
		return
	}
	present := make([]string, 0, len(b.Candidates))
	for _, n := range h.nodes {
		if _, ok := b.Candidates[n]; ok {
			present = append(present, n)
		}
	}
	b.Self = present[h.random.IntN(len(present))]
	if choice := replication.Elect(b); choice.Lead {
		h.check(t, b, present)
		h.promote(b.Self)
	}
}

func (h *history) check(t *testing.T, b replication.Election, present []string) {
	t.Helper()
	if h.record == nil {
		return
	}
	if !h.data[b.Self].Current(*h.record) {
		t.Fatalf("node %s leads without the recorded term %+v: %v", b.Self, *h.record, h.data[b.Self])
	}
	for _, n := range present {
		if h.data[n].Current(*h.record) && h.held[n] > h.held[b.Self] {
			t.Fatalf("node %s with %d writes leads over %s with %d:\n%v\n%v",
				b.Self, h.held[b.Self], n, h.held[n], h.data[b.Self], h.data[n])
		}
	}
}

func (h *history) promote(node string) {
	h.terms++
	id := fmt.Sprintf("T%d", h.terms)
	prev := ""
	term := h.data[node].Term() + 1
	if h.record != nil {
		prev, term = h.record.TermID, max(term, h.record.Term+1)
	}
	next := at(term, id, prev, 1, 0)
	if h.record != nil {
		next.Base = h.data[node][nb].Within(*h.record)
	}
	h.data[node] = both(next)
	if h.random.IntN(4) == 0 {
		return // crashed before the record was written: no client ever came
	}
	h.record = &replication.Record{Term: term, TermID: id, Node: node}
	h.active = node
}

// work writes and replicates: each transaction reaches the active, and each
// backup has either all of a prefix or is cut off.
func (h *history) work() {
	if h.active == "" {
		return
	}
	followers := map[string]bool{}
	for _, n := range h.nodes {
		followers[n] = n != h.active && h.random.IntN(3) > 0
	}
	for range h.random.IntN(6) {
		p := h.data[h.active][nb]
		if h.random.IntN(3) == 0 {
			p.Progress = replication.Progress{Beat: p.Progress.Beat + 1}
		} else {
			p.Progress.Changes++
			p.Progress.Possible++
			h.held[h.active]++
		}
		h.data[h.active] = both(p)
		for n, follows := range followers {
			if follows {
				h.data[n], h.held[n] = h.data[h.active], h.held[h.active]
			}
			followers[n] = follows && h.random.IntN(4) > 0
		}
	}
}

func TestElectionOverRandomHistories(t *testing.T) {
	t.Parallel()
	promotions := 0
	for seed := range uint64(3000) {
		h := newHistory(seed)
		for range 30 {
			h.elect(t)
			h.work()
		}
		promotions += h.terms
	}
	if promotions < 3000 {
		t.Errorf("only %d promotions in all histories: the test hardly tests", promotions)
	}
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
	f.Fuzz(func(t *testing.T, text string) {
		got, err := replication.ParseRecord(text)
		if err != nil || got == nil {
			return
		}
		again, err := replication.ParseRecord(got.String())
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("%q is read as %v and again as %v, %v", text, got, again, err)
		}
	})
}

func FuzzParseMarker(f *testing.F) {
	f.Add("L", "3", "T3", "7", "7+5")
	f.Fuzz(func(t *testing.T, lineage, term, termID, beat, base string) {
		const p = "ovndb-servers:"
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
