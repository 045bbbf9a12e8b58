package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// compared returns a measure with a value for each agent.
func compared(m *goal, shell, ours float64, lost int) *measure {
	one := &measure{Name: "case", Title: "no writes for", Unit: "s", Goal: m}
	one.of(shellAgent).add(shell)
	one.of(ourAgent).add(ours)
	one.of(ourAgent).Acked, one.of(ourAgent).Lost = 100, lost
	return one
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	killed := &goal{Times: 20, Below: 0.5}
	for name, test := range map[string]struct {
		measure *measure
		want    string
	}{
		"no goal":                     {compared(nil, 10, 1, 0), ""},
		"a twentieth and below":       {compared(killed, 9, 0.45, 0), "met"},
		"a twentieth and not below":   {compared(killed, 20, 0.5, 0), "missed"},
		"below and not a twentieth":   {compared(killed, 9, 0.46, 0), "missed"},
		"reached with a row lost":     {compared(killed, 10, 0.1, 1), "missed"},
		"no failover where none may":  {compared(&goal{Zero: true}, 1, 0, 0), "met"},
		"a failover where none may":   {compared(&goal{Zero: true}, 1, 1, 0), "missed"},
		"nothing of the shell agent":  {&measure{Goal: killed, Series: map[agentName]*series{ourAgent: compared(nil, 1, 1, 0).of(ourAgent)}}, ""},
		"nothing of ours":             {&measure{Goal: killed}, ""},
		"one of several has failover": {several(&goal{Zero: true}, 0, 0, 1), "missed"},
		"as good as RAFT":             {withRaft(compared(killed.against(1), 9, 0.45, 0), 0.45), "met"},
		"worse than RAFT":             {withRaft(compared(killed.against(1), 9, 0.45, 0), 0.44), "missed"},
		"1.5 times RAFT's":            {withRaft(compared((*goal)(nil).against(1.5), 1, 1.5, 0), 1), "met"},
		"more than 1.5 times RAFT's":  {withRaft(compared((*goal)(nil).against(1.5), 1, 1.6, 0), 1), "missed"},
		"nothing of RAFT":             {compared(killed.against(1), 9, 0.45, 0), ""},
		"as many a second as RAFT":    {withRaft(more(compared((*goal)(nil).against(1), 1, 500, 0)), 500), "met"},
		"fewer a second than RAFT":    {withRaft(more(compared((*goal)(nil).against(1), 1, 400, 0)), 500), "missed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.measure.verdict(); got != test.want {
				t.Errorf("verdict %q, want %q", got, test.want)
			}
		})
	}
}

// withRaft adds a value of RAFT to a measure.
func withRaft(m *measure, value float64) *measure {
	m.of(raftAgent).add(value)
	return m
}

// more returns the measure as one of which more is better.
func more(m *measure) *measure {
	m.More = true
	return m
}

func TestGoalAgainstRAFTLeavesTheOneItIsMadeFromAsItIs(t *testing.T) {
	t.Parallel()
	shared := &goal{Times: 4}
	if with := shared.against(1); with.Times != 4 || with.Raft != 1 || shared.Raft != 0 {
		t.Errorf("%+v made of %+v", with, shared)
	}
}

func TestAdvantageIsAboveOneWhereOursIsBetter(t *testing.T) {
	t.Parallel()
	less := compared(nil, 4, 2, 0)
	if got := less.advantage(less.of(shellAgent)); got != 2 {
		t.Errorf("half the time is an advantage of %v, want 2", got)
	}
	if got := more(less).advantage(less.of(shellAgent)); got != 0.5 {
		t.Errorf("half the rate is an advantage of %v, want 0.5", got)
	}
}

func TestCellOfAnAgentWithoutTheCaseIsBlank(t *testing.T) {
	t.Parallel()
	r := sample()
	one := &measure{Title: "inserts", Unit: "/s", More: true}
	withRaft(one, 250)
	r.Measures = []*measure{one}
	text := r.markdown()
	if want := "| inserts |  |  | 250 /s |  |  | - |  | - |\n"; !strings.Contains(text, want) {
		t.Errorf("%q is not in:\n%s", want, text)
	}
}

// several returns a measure of ours with values.
func several(m *goal, values ...float64) *measure {
	one := &measure{Goal: m}
	one.of(ourAgent).add(values...)
	return one
}

// sample is a report with something of everything.
func sample() *report {
	r := &report{
		Date: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC), Suite: "trixie", Rounds: 3, Profile: cluster.NormalProfile,
		Versions: map[string]string{"ovs": "3.5.0", "ovn": "25.03.0", "pacemaker": "3.0.0", "corosync": "3.1.9", "ovndb-servers": "v1"},
		Machine:  machine{CPU: "A | B", Cores: 2, MemoryMiB: 1024, Kernel: "6.1", Load: 0.25},
		Notes:    []string{"the parser was repaired"},
		Measures: []*measure{compared(&goal{Times: 20, Below: 0.5}, 11.063, 0.1234, 0), {Name: "empty", Title: "never run"}},
		Sizes:    []size{{1000, "Promoted", summarize([]float64{1.5}), summarize([]float64{2.25}), 1 << 20}},
		Failures: []failure{{"freeze", shellAgent, 2, "it hung"}},
	}
	r.Measures[0].of(shellAgent).add(12, 8.5)
	r.Measures[0].of(shellAgent).Further = []float64{0.25, 1.5}
	return r
}

func TestTextHoldsWhatWasFound(t *testing.T) {
	t.Parallel()
	text := sample().text()
	for _, want := range []string{
		"2026-11-22 21:00 UTC, Debian trixie: Open vSwitch 3.5.0, OVN 25.03.0, Pacemaker 3.0.0", "A | B, 2 cores", "Median of 3 rounds",
		"11.1 s (8.50..12)", "0.123 s", "89.7 x", "at most 1/20, below 0.5 s", "met", "- / 0 of 100 / -",
		"1000        Promoted", "1.50 ms", "2.25 ms", "1 MiB", "- the parser was repaired",
		"shell, case: beside the longest, 2 shorter interruptions", "at most 1.50 s", "FAILED: shell, freeze, round 2: it hung",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "never run") {
		t.Errorf("a case without values is in:\n%s", text)
	}
}

func TestMarkdownIsATable(t *testing.T) {
	t.Parallel()
	text := sample().markdown()
	for _, want := range []string{
		"| case | shell agent | this agent | raft | ratio to shell | ratio to raft |", "|---|---|---|---|---|---|---|---|---|\n",
		"| no writes for | 11.1 s (8.50..12) | 0.123 s |  | 89.7 x |  | at most 1/20, below 0.5 s | met | - / 0 of 100 / - |",
		"| rows in nb |", "| 1000 | Promoted |", "- the parser was repaired\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestNumberHasThreeDigitsThatCount(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0: "0 s", 3: "3 s", 0.1234: "0.123 s", 1.234: "1.23 s", 12.34: "12.3 s", 123.4: "123 s"} {
		if got := number(value, "s"); got != want {
			t.Errorf("%v is shown as %q, want %q", value, got, want)
		}
	}
}

func TestResultsAreWrittenAsJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "results.json")
	if err := sample().write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var read report
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if got := read.find("case").of(shellAgent).Summary.Median; got != 11.063 {
		t.Errorf("median of the shell agent is %v, want 11.063", got)
	}
}

func TestDocumentGetsTheResultsBetweenItsMarkers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "document.md")
	if err := os.WriteFile(path, []byte("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := updateDocument(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n<!-- bench -->\nnew\n<!-- /bench -->\nafter\n"; string(text) != want {
		t.Errorf("the document is %q, want %q", text, want)
	}
}

func TestDocumentWithoutMarkersIsRefused(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "<!-- bench -->", "<!-- /bench --> <!-- bench -->"} {
		if got, err := between(document, "new"); err == nil {
			t.Errorf("%q became %q", document, got)
		}
	}
}
