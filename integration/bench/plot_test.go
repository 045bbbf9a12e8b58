package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// seconds returns so many seconds.
func seconds(count float64) time.Duration { return time.Duration(count * float64(time.Second)) }

// outageOf is a round with an interruption of so many seconds from the fault on.
func outageOf(length float64) plotRound {
	return plotRound{outage: seconds(length), acks: []time.Duration{0, seconds(length)}, gaps: []plotGap{{0, seconds(length)}}}
}

func TestPlotShowsTheRoundOfTheMedianOutage(t *testing.T) {
	t.Parallel()
	p := &plot{rounds: map[agentName][]plotRound{ourAgent: {outageOf(9), outageOf(1), outageOf(3)}, shellAgent: {outageOf(5), outageOf(2)}}}
	for agent, want := range map[agentName]float64{ourAgent: 3, shellAgent: 2} {
		if round, found := p.median(agent); !found || round.outage != seconds(want) {
			t.Errorf("%s: an outage of %s, %t; want %v s", agent, round.outage, found, want)
		}
	}
	if _, found := p.median(raftAgent); found {
		t.Error("a round of an agent that has none")
	}
}

func TestPlotIsAsLongAsTheLongestOutage(t *testing.T) {
	t.Parallel()
	for want, outage := range map[time.Duration]float64{leastPlot: 0.1, seconds(14): 12.5, mostPlot: 100} {
		p := &plot{rounds: map[agentName][]plotRound{ourAgent: {outageOf(0.1)}, shellAgent: {outageOf(outage)}}}
		if got := p.length(); got != want {
			t.Errorf("%s for an outage of %v s, want %s", got, outage, want)
		}
	}
}

func TestPlotIsNotLongerForAShortInterruptionLaterOn(t *testing.T) {
	t.Parallel()
	round := outageOf(1)
	round.gaps = append(round.gaps, plotGap{seconds(30), seconds(30.3)})
	p := &plot{rounds: map[agentName][]plotRound{raftAgent: {round}}}
	if got := p.length(); got != leastPlot {
		t.Errorf("%s, want %s", got, leastPlot)
	}
}

func TestTimeAfterTheClientIsNoOutage(t *testing.T) {
	t.Parallel()
	bars := outageOf(1).bars(seconds(8))
	if len(bars) != 2 || bars[0].Color != colorOutage || bars[1].Color != colorEnded || bars[1].From != plotBefore+seconds(1) || bars[1].To != seconds(8) {
		t.Errorf("bars %+v, want the outage and then the client's end", bars)
	}
	if bars := outageOf(6).bars(seconds(8)); len(bars) != 1 {
		t.Errorf("bars %+v of a client that writes to the end, want the outage alone", bars)
	}
}

func TestStepsHoldTheAcknowledgementsOfTheirTime(t *testing.T) {
	t.Parallel()
	got := perStep([]time.Duration{-3 * time.Second, -2 * time.Second, -1500 * time.Millisecond, 0, seconds(1000)}, time.Second)
	if want := []int{2, 0, 1, 0}; !slices.Equal(got[:4], want) || len(got) != plotSteps || slices.Max(got[4:]) != 0 {
		t.Errorf("counts %v, want %v and then nothing", got, want)
	}
}

func TestRoundCountsFromTheFault(t *testing.T) {
	t.Parallel()
	at := time.Now()
	before, after := ovsdb.Ack{At: at.Add(-time.Second)}, ovsdb.Ack{At: at.Add(2 * time.Second)}
	round := roundOf([]ovsdb.Ack{before, after}, []ovsdb.Gap{{Before: before, After: after}}, at)
	if round.outage != 3*time.Second || round.gaps[0] != (plotGap{-time.Second, 2 * time.Second}) || !slices.Equal(round.acks, []time.Duration{-time.Second, 2 * time.Second}) {
		t.Errorf("%+v", round)
	}
}

func TestPlotsAreWrittenBesideTheDocumentThatShowsThem(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	plots := []*plot{{name: "kill-nb", title: "SIGKILL: no writes for", rounds: map[agentName][]plotRound{raftAgent: {outageOf(1)}, ourAgent: {outageOf(0.1)}}}}
	if err := writePlots(directory, plots); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "bench-kill-nb.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">SIGKILL<", ">RAFT<", ">this agent<", "no writes for 1.000 s", "no writes for 0.100 s", ">0 s<"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "shell agent") {
		t.Error("an agent without a round has a lane")
	}
	if got, want := plotsMarkdown(plots), "\n![kill-nb: rows acknowledged around the fault](bench-kill-nb.svg)\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
