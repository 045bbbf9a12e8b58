package main

import (
	"slices"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

func TestNumbersOfRowsAreReadOnceEach(t *testing.T) {
	t.Parallel()
	got, err := parseRows("0, 100000,0")
	if err != nil || !slices.Equal(got, []int{0, 100_000}) {
		t.Errorf("%v, %v; want 0 and 100000", got, err)
	}
	for _, list := range []string{"", "1e5", "-1", "1,,2"} {
		if got, err := parseRows(list); err == nil {
			t.Errorf("%q is read as %v, want an error", list, got)
		}
	}
}

func TestEveryNameOfACaseAndOfAMeasureIsThereOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, one := range allCases([]int{0, 1000, 1_000_000}, cluster.NormalProfile) {
		for _, m := range one.measures {
			if seen[m.Name] {
				t.Errorf("two measures are named %s", m.Name)
			}
			seen[m.Name] = true
		}
	}
	for _, want := range []string{"kill-nb", "kill-nb-total-1000", "start-promote-1000000", "rest-promoted"} {
		if !seen[want] {
			t.Errorf("no measure is named %s", want)
		}
	}
}

func TestAgentsGoThroughTheCasesThatTheyHave(t *testing.T) {
	t.Parallel()
	want := map[agentName]map[string]bool{
		shellAgent: {"kill-nb": true, "start": true, "rate": true, "rest": true, "busy": true, "size": false},
		ourAgent:   {"kill-nb": true, "start": true, "rate": true, "rest": true, "busy": true, "size": true},
		raftAgent:  {"kill-nb": true, "standby": true, "freeze": true, "rate": true, "rest": true, "start": false, "monitor": false, "busy": false, "size": false},
	}
	for _, one := range allCases([]int{0}, cluster.NormalProfile) {
		for agent, cases := range want {
			if has, known := cases[one.name]; known && one.has(agent) != has {
				t.Errorf("%s goes through %s: %t, want %t", agent, one.name, one.has(agent), has)
			}
		}
	}
}

func TestTotalHoldsTheGapsOfTheTimeAfterTheFaultAlone(t *testing.T) {
	t.Parallel()
	fault := time.Now()
	at := func(from, to int) ovsdb.Gap {
		return ovsdb.Gap{
			Before: ovsdb.Ack{At: fault.Add(time.Duration(from) * time.Second)},
			After:  ovsdb.Ack{At: fault.Add(time.Duration(to) * time.Second)},
		}
	}
	gaps := []ovsdb.Gap{at(-1, 2), at(10, 13), at(58, 70), at(80, 90)}
	if got := totalOf(gaps, fault, time.Minute); got != 7*time.Second {
		t.Errorf("the total is %s, want 2 + 3 + 2 s", got)
	}
}
