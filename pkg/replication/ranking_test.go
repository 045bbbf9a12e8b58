package replication_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"ovndb-servers/pkg/replication"
)

// drawElection draws nodes that hold little of two terms: many of them alike, or nearly.
func drawElection(random *rand.Rand) replication.Election {
	e := replication.Election{
		Record:     &replication.Record{Term: 5, TermID: "T5", Node: "n9"},
		Candidates: map[string]replication.Candidate{},
	}
	for i := range 1 + random.IntN(5) {
		positions := replication.Positions{}
		for _, database := range databases {
			p := replication.Position{Lineage: "L", Term: 5, TermID: "T5", PrevTermID: "T4"}
			if random.IntN(8) == 0 {
				p = replication.Position{Lineage: "L", Term: 6, TermID: fmt.Sprintf("T6/%d", i), PrevTermID: "T5"}
				p.Base = replication.Progress{Beat: 2 + random.Uint64N(4), Changes: random.Uint64N(3)}
			}
			changes := random.Uint64N(3)
			p.Progress = replication.Progress{Beat: 2 + random.Uint64N(4), Changes: changes, Possible: changes + random.Uint64N(3)}
			if p.Term == 6 {
				p.Progress.Beat = replication.BeatBegun
			}
			positions[database] = p
		}
		e.Candidates[fmt.Sprintf("n%d", i)] = replication.Candidate{Positions: positions}
	}
	return e
}

func TestAllVotersChooseTheSameNodeOrThemselvesAmongEquals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 11))
	for range 5_000 {
		e := drawElection(random)
		chosen, leads := map[string]bool{}, map[string]bool{}
		for _, e.Self = range slices.Sorted(maps.Keys(e.Candidates)) {
			d := e.Decide()
			if d.Lead == (d.Yield != "") {
				t.Fatalf("%s neither leads nor yields: %+v\n%s", e.Self, d, e.Summary())
			}
			if leads[e.Self] = d.Lead; d.Yield != "" {
				chosen[d.Yield] = true
			}
		}
		if len(chosen) > 1 {
			t.Fatalf("the voters choose %v\n%s", slices.Sorted(maps.Keys(chosen)), e.Summary())
		}
		for node := range chosen {
			if !leads[node] {
				t.Fatalf("%s is chosen, and leaves it to another\n%s", node, e.Summary())
			}
		}
	}
}

func TestAFreshNodeComesBeforeOneThatIsBehindInEitherDatabase(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(10, 10))
	for range 5_000 {
		e := drawElection(random)
		stale := map[string]bool{}
		for node, c := range e.Candidates {
			for _, other := range e.Candidates {
				for _, database := range databases {
					mine, theirs := c.Positions[database].Within(*e.Record), other.Positions[database].Within(*e.Record)
					stale[node] = stale[node] || mine.Beat+1 < theirs.Beat
				}
			}
		}
		anyFresh := slices.Contains(slices.Collect(maps.Values(stale)), false) || len(stale) < len(e.Candidates)
		for _, e.Self = range slices.Sorted(maps.Keys(e.Candidates)) {
			if d := e.Decide(); d.Lead && stale[e.Self] && anyFresh {
				t.Fatalf("%s leads\n%s", e.Self, e.Summary())
			}
		}
	}
}

func TestScoresOfLaterTermsAreNeverLower(t *testing.T) {
	t.Parallel()
	previous := replication.ActiveScore(0)
	for term := range uint64(400_000) {
		score := replication.ActiveScore(term)
		if score < previous || term > 0 && term < 300_000 && score == previous || score >= replication.ScoreInfinity {
			t.Fatalf("term %d has score %s after %s", term, score, previous)
		}
		previous = score
	}
}
