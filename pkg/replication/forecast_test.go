package replication_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"ovndb-servers/pkg/replication"
)

// heldAt is the position of both databases in a term, with the same progress.
func heldAt(term uint64, id string, beat, changes uint64) replication.Positions {
	p := replication.Position{Lineage: "L", Term: term, TermID: id, PrevTermID: "T0", Progress: replication.Progress{Beat: beat, Changes: changes, Possible: changes}}
	return replication.Positions{nb: p, sb: p}
}

func TestForecastNamesTheNodeThatTheElectionWouldPromote(t *testing.T) {
	t.Parallel()
	held := func(beat uint64) replication.Candidate {
		return replication.Candidate{Positions: heldAt(5, "T5", beat, 0)}
	}
	led := replication.Record{Term: 5, TermID: "T5", Node: "a", Members: []string{"a", "b", "c"}}
	without := func(members ...string) *replication.Record {
		r := led
		r.Members = members
		return &r
	}
	ended := led.Demoted(heldAt(5, "T5", 9, 0))
	all := map[string]replication.Score{"b": 50, "c": 50}
	unable := held(9)
	unable.Unable = "banned by cli-ban-x"
	for _, tt := range []struct {
		name   string
		f      replication.Forecast
		leads  string
		rule   replication.Rule
		reason string
	}{
		{"of equal members the one with the higher score is asked and leads", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(9), "c": held(9)}, Scores: map[string]replication.Score{"b": 7, "c": 50},
		}, "c", replication.RuleFreshest, ""},
		{"the one that holds more leads though the other is asked first", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(7), "c": held(9)}, Scores: all,
		}, "c", replication.RuleFreshest, ""},
		{"the one that holds more leads without a score of its own, which the election raises", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(7), "c": held(9)}, Scores: map[string]replication.Score{"b": 50},
		}, "c", replication.RuleFreshest, ""},
		{"data that is no member's does not lead", replication.Forecast{
			Record: without("a", "b"), Candidates: map[string]replication.Candidate{"b": held(7), "c": held(9)}, Scores: all,
		}, "b", replication.RuleFreshest, ""},
		{"where all members are away no node leads", replication.Forecast{
			Record: without("a"), Candidates: map[string]replication.Candidate{"b": held(9), "c": held(9)}, Scores: all,
		}, "", replication.RuleMembers, "start one of those that were up to date (a)"},
		{"after a planned demotion the node that holds the end leads", replication.Forecast{
			Record: &ended, Candidates: map[string]replication.Candidate{"b": held(8), "c": held(9)}, Scores: all,
		}, "c", replication.RuleEnd, ""},
		{"a node that cannot lead is not asked, and named", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(8), "c": unable}, Scores: all,
		}, "b", replication.RuleFreshest, "node c holds more"},
		{"a member whose position is not known is waited for", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(8), "c": {}}, Scores: map[string]replication.Score{"b": 50},
		}, "", replication.RuleAnswers, "no answer from the agent on node c"},
		{"older data leads by an operator's word alone", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": {Positions: heldAt(4, "T4", 99, 0)}}, Scores: all,
			Blessings: map[string]*replication.Blessing{"b": {TermID: "T5", Reason: "all burned"}},
		}, "b", replication.RuleBlessed, "all burned"},
		{"older data does not lead", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": {Positions: heldAt(4, "T4", 99, 0)}}, Scores: all,
		}, "", replication.RuleTermStart, "ovndb-servers bless"},
		{"no node without a score is asked", replication.Forecast{
			Record: &led, Candidates: map[string]replication.Candidate{"b": held(9)},
		}, "", replication.RuleUnable, "no promotion score"},
		{"no node runs", replication.Forecast{Record: &led}, "", replication.RuleAnswers, "crm_mon -1rfA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node, d := tt.f.Outcome()
			if node != tt.leads || d.Rule != tt.rule || !strings.Contains(d.Reason, tt.reason) || d.Lead != (node != "") {
				t.Errorf("got %q by %+v, want %q by %q (%s)", node, d, tt.leads, tt.rule, tt.reason)
			}
		})
	}
}

func TestDecisionOfANodeThatPacemakerWouldNotAskIsUnableWhateverItHolds(t *testing.T) {
	t.Parallel()
	f := replication.Forecast{
		Record: &replication.Record{Term: 5, TermID: "T5", Node: "a"},
		Candidates: map[string]replication.Candidate{
			"b": {Positions: heldAt(5, "T5", 9, 0), Unable: "in standby"}, "c": {Positions: heldAt(5, "T5", 9, 0)}, "d": {Positions: heldAt(5, "T5", 9, 0)},
		},
		Scores: map[string]replication.Score{"b": 50, "c": 50},
	}
	for node, want := range map[string]replication.Rule{"b": replication.RuleUnable, "c": replication.RuleFreshest, "d": replication.RuleUnable} {
		if d := f.DecisionOf(node); d.Rule != want || d.Lead != (node == "c") {
			t.Errorf("%s: %+v, want rule %q", node, d, want)
		}
	}
}

// The forecast has no rules of its own: the node that it names leads by the election's decision.
func TestForecastIsTheDecisionOfTheElection(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	for range 2_000 {
		e := drawElection(random)
		f := replication.Forecast{Record: e.Record, Candidates: e.Candidates, Scores: map[string]replication.Score{}}
		for node := range e.Candidates {
			f.Scores[node] = replication.Score(random.IntN(3) * 50)
		}
		node, d := f.Outcome()
		if e.Self = node; node == "" || !d.Lead || !e.Decide().Lead {
			t.Fatalf("%q leads by %+v\n%s", node, d, e.Summary())
		}
	}
}

func TestScoresAreReadAsPacemakerSpellsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]replication.Score{"INFINITY": 1_000_000, "-INFINITY": -1_000_000, "50": 50, "99999999": 1_000_000} {
		if got, ok := replication.ParseScore(text); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	if score, ok := replication.ParseScore("high"); ok {
		t.Errorf("got %v", score)
	}
}

func FuzzParseScore(f *testing.F) {
	for _, text := range []string{"INFINITY", "-INFINITY", "50", "-7", "x", "99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		score, ok := replication.ParseScore(text)
		if again, same := replication.ParseScore(score.String()); ok && (!same || again != score) || max(score, -score) > replication.ScoreInfinity {
			t.Errorf("%q: %v, %v", text, score, again)
		}
	})
}
