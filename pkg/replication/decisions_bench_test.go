package replication_test

import (
	"fmt"
	"testing"

	"ovndb-servers/pkg/replication"
)

func BenchmarkAssess(b *testing.B) {
	s := newScenario()
	following := replication.Observation{Servers: s.servers(split("n2 backup backup follows=n1")), Leader: leaderAt("n1")}
	active := replication.Observation{
		Servers: s.servers(split("n1 active active")),
		Own:     &replication.OwnTerm{Record: replication.Record{Term: 3}}, Term: replication.TermHeld,
	}
	for name, observed := range map[string]replication.Observation{"backup": following, "active": active} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if replication.Assess(observed).Health == replication.HealthStopped {
					b.Fatal("stopped")
				}
			}
		})
	}
}

func BenchmarkElect(b *testing.B) {
	for _, nodes := range []int{3, 16} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			election := replication.Election{
				Record:     &replication.Record{Term: 3, TermID: "T3", Node: "node1"},
				Self:       "node1",
				Candidates: map[string]replication.Candidate{},
			}
			for i := range nodes {
				election.Candidates[fmt.Sprintf("node%d", i+1)] = replication.Candidate{Positions: both(at(3, "T3", "T2", 7, uint64(nodes-i)))}
			}
			b.ReportAllocs()
			for b.Loop() {
				if decision := election.Decide(); !decision.Lead {
					b.Fatalf("%+v", decision)
				}
			}
		})
	}
}

func BenchmarkPrintPositions(b *testing.B) {
	positions := both(at(3, "T3", "T2", 7, 5))
	b.ReportAllocs()
	for b.Loop() {
		if positions.String() == "" {
			b.Fatal("empty")
		}
	}
}

func BenchmarkParsePositions(b *testing.B) {
	text := both(at(3, "T3", "T2", 7, 5)).String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := replication.ParsePositions(text); err != nil {
			b.Fatal(err)
		}
	}
}
