package replication_test

import (
	"fmt"
	"testing"

	"ovndb-servers/pkg/replication"
)

func BenchmarkAssess(b *testing.B) {
	following := replication.Observation{
		Servers: backups("tcp:10.0.0.1:6641", "tcp:10.0.0.1:6642", replication.LinkReplicating),
		Leader:  leader(),
	}
	active := replication.Observation{
		Servers:  pair(replication.ConditionActive, replication.ConditionActive),
		Promoted: true,
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
			ballot := replication.Election{
				Record:     &replication.Record{Term: 3, TermID: "T3", Node: "node1"},
				Self:       "node1",
				Candidates: map[string]replication.Positions{},
			}
			for i := range nodes {
				ballot.Candidates[fmt.Sprintf("node%d", i+1)] = both(at(3, "T3", "T2", 7, uint64(nodes-i)))
			}
			b.ReportAllocs()
			for b.Loop() {
				if choice := replication.Elect(ballot); !choice.Lead {
					b.Fatalf("%+v", choice)
				}
			}
		})
	}
}

func BenchmarkPrintPositions(b *testing.B) {
	positions := both(unrecorded(at(3, "T3", "T2", 7, 5), 2, 1))
	b.ReportAllocs()
	for b.Loop() {
		if positions.String() == "" {
			b.Fatal("empty")
		}
	}
}

func BenchmarkParsePositions(b *testing.B) {
	text := both(unrecorded(at(3, "T3", "T2", 7, 5), 2, 1)).String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := replication.ParsePositions(text); err != nil {
			b.Fatal(err)
		}
	}
}
