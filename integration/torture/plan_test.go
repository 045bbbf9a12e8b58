package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// draw draws a plan of all kinds, or fails the test.
func draw(t *testing.T, seed uint64, length time.Duration, fencing bool, only string) plan {
	t.Helper()
	p, err := drawPlan(seed, length, fencing, regexp.MustCompile(only))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The text is what a seed has drawn since the first version: another one means that all
// seeds that were written down have lost their meaning.
func TestPlanOfASeedStaysTheSame(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		`  1  after 7 s: stop-supervisor, on active, for 1 s; 0.6 s later cut-replication, on active, for 28 s`,
		`  2  after 3 s: power-loss, on active, for 15 s`,
		`  3  after 4 s: kill-pacemaker, on active, pacemakerd, SIGKILL`,
		`  4  after 1 s: power-loss-all, on all, for 10 s`,
		`  5  after 4 s: stop-pacemaker, on active, pacemaker-execd, for 8 s; 4.7 s later standby, on second backup, for 14 s`,
		"",
	}, "\n")
	if got := draw(t, 2, 80*time.Second, false, "").String(); got != want {
		t.Errorf("plan\n%s\nwant\n%s", got, want)
	}
}

func TestPlanOfALongerRunBeginsLikeThatOfAShorterOne(t *testing.T) {
	t.Parallel()
	short, long := draw(t, 3, time.Minute, true, "").String(), draw(t, 3, time.Hour, true, "").String()
	if !strings.HasPrefix(long, short) {
		t.Errorf("plan of a minute\n%s\nis not the beginning of that of an hour", short)
	}
}

func TestPlanTakesAtLeastTheTimeOfTheRun(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		total := time.Duration(0)
		for _, one := range draw(t, seed, 10*time.Minute, false, "") {
			total += one.duration()
		}
		if total < 10*time.Minute {
			t.Errorf("seed %d: the steps take %s, want at least 10 minutes", seed, total)
		}
	}
}

func TestPlansHaveEveryKindOfFaultAndPairs(t *testing.T) {
	t.Parallel()
	seen, pairs := map[kind]bool{}, 0
	for seed := range uint64(20) {
		for _, one := range draw(t, seed, time.Hour, true, "") {
			for _, f := range one.Faults {
				seen[f.Kind] = true
			}
			pairs += len(one.Faults) - 1
		}
	}
	for _, one := range recipes() {
		if !seen[one.kind] {
			t.Errorf("%s is never drawn", one.kind)
		}
	}
	if pairs == 0 {
		t.Error("no step has two faults")
	}
}

func TestSecondFaultFitsTheFirst(t *testing.T) {
	t.Parallel()
	takesAway := []kind{freeze, powerLoss}
	for seed := range uint64(20) {
		for _, one := range draw(t, seed, time.Hour, true, "") {
			if len(one.Faults) < 2 {
				continue
			}
			a, b := one.Faults[0], one.Faults[1]
			network := []kind{partition, cutReplication}
			switch {
			case slices.Contains(network, a.Kind) && slices.Contains(network, b.Kind):
				t.Errorf("step %s: the end of one would heal the other", one)
			case a.On == b.On && (slices.Contains(takesAway, a.Kind) || slices.Contains(takesAway, b.Kind)):
				t.Errorf("step %s: the node of the one is away", one)
			case a.Kind == powerLossAll || b.Kind == powerLossAll:
				t.Errorf("step %s: all nodes are away", one)
			}
		}
	}
}

// A stop that fails blocks the resource where nodes are not fenced, until a person cleans
// up: that is Pacemaker's rule, and no fault of the agent.
func TestPlanWithoutFencingFailsNoStop(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for _, one := range draw(t, seed, time.Hour, false, "") {
			for _, f := range one.Faults {
				if f.Kind == killAction && f.Of != "monitor" && len(one.Faults) < 2 {
					t.Errorf("step %s brings about no action to kill", one)
				}
				if f.Kind == killAction && strings.Contains(f.Of, "stop") {
					t.Errorf("step %s kills a stop", one)
				}
				if f.Kind == stopPacemaker && f.Lasts > 15*time.Second {
					t.Errorf("step %s lasts longer than actions may take", one)
				}
			}
		}
	}
}

func TestPlanIsOfTheSelectedKindsAlone(t *testing.T) {
	t.Parallel()
	for _, one := range draw(t, 5, time.Hour, true, "^(freeze|standby)$") {
		for _, f := range one.Faults {
			if f.Kind != freeze && f.Kind != standby {
				t.Errorf("step %s has another kind", one)
			}
		}
	}
	if _, err := drawPlan(5, time.Hour, true, regexp.MustCompile("no-such-kind")); err == nil {
		t.Error("an expression that selects nothing is taken")
	}
}
