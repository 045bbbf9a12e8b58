package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/chart"
	"ovndb-servers/integration/ovsdb"
)

const (
	// plotBefore is how much of the time before a fault is drawn, plotAfter of that after the longest
	// interruption, within the limits of leastPlot and mostPlot after the fault. Clients write for as
	// long as leastPlot at least.
	plotBefore = 2 * time.Second
	plotAfter  = 2 * time.Second
	leastPlot  = 6 * time.Second
	mostPlot   = 40 * time.Second
	// plotSteps is how many steps a curve has.
	plotSteps = 250

	colorAcked  = "#74c476"
	colorOutage = "#fcbba1"
	colorEnded  = "#e0e0e0"
)

// plot is the picture of a case: for each agent, when rows were acknowledged around the fault.
type plot struct {
	name, title string
	rounds      map[agentName][]plotRound
}

// plotRound is one round; all times are since the fault.
type plotRound struct {
	// outage is the longest interruption.
	outage time.Duration
	acks   []time.Duration
	gaps   []plotGap
}

// plotGap is an interruption.
type plotGap struct{ from, to time.Duration }

// roundOf returns the round of a client that a fault at that time has interrupted.
func roundOf(acks []ovsdb.Ack, gaps []ovsdb.Gap, at time.Time) plotRound {
	var round plotRound
	for _, ack := range acks {
		round.acks = append(round.acks, ack.At.Sub(at))
	}
	for _, gap := range gaps {
		round.gaps = append(round.gaps, plotGap{gap.Before.At.Sub(at), gap.After.At.Sub(at)})
		round.outage = max(round.outage, gap.Duration())
	}
	return round
}

// addPlot adds a round to the plot of the case: that of the client with the longest interruption.
func (b *bench) addPlot(m *measure, writers []*ovsdb.Writer, at time.Time) {
	var worst plotRound
	for _, writer := range writers {
		if round := roundOf(writer.Acks(), writer.Interruptions(at), at); round.outage >= worst.outage {
			worst = round
		}
	}
	known := slices.IndexFunc(b.plots, func(p *plot) bool { return p.name == m.Name })
	if known < 0 {
		known = len(b.plots)
		b.plots = append(b.plots, &plot{name: m.Name, title: m.Title, rounds: map[agentName][]plotRound{}})
	}
	b.plots[known].rounds[b.agent] = append(b.plots[known].rounds[b.agent], worst)
}

// median returns the round of an agent whose outage is the median one, of an even number the shorter.
func (p *plot) median(agent agentName) (plotRound, bool) {
	rounds := slices.SortedStableFunc(slices.Values(p.rounds[agent]), func(a, b plotRound) int { return cmp.Compare(a.outage, b.outage) })
	if len(rounds) == 0 {
		return plotRound{}, false
	}
	return rounds[(len(rounds)-1)/2], true
}

// length returns how much time after the fault the plot has to show: until after the longest
// interruption of each agent. Later ones are short, and would make the picture coarse.
func (p *plot) length() time.Duration {
	last := leastPlot
	for agent := range p.rounds {
		round, _ := p.median(agent)
		for _, gap := range round.gaps {
			if gap.to-gap.from == round.outage {
				last = max(last, gap.to+plotAfter)
			}
		}
	}
	return min(last, mostPlot).Truncate(time.Second)
}

// picture draws the median round of each agent.
func (p *plot) picture() chart.Picture {
	length := plotBefore + p.length()
	step := length / plotSteps
	picture := chart.Picture{
		Title:    strings.TrimSuffix(p.title, ": no writes for"),
		Subtitle: "rows acknowledged to one client that inserts one after the other, in the round of the median outage; seconds since the fault",
		Legend:   []chart.Bar{{Color: colorAcked, Label: "rows per time"}, {Color: colorOutage, Label: "no writes"}, {Color: colorEnded, Label: "client has ended"}},
		Marks:    []chart.Mark{{At: plotBefore, Text: p.name}},
		Length:   length, Strip: length, Tick: time.Second, Zero: plotBefore, LaneHeight: 50,
	}
	var counts [][]int
	most := 1
	for _, agent := range allAgents() {
		round, found := p.median(agent)
		if !found {
			continue
		}
		picture.Lanes = append(picture.Lanes, chart.Lane{Name: agent.title(), Bars: round.bars(length)})
		counts = append(counts, perStep(round.acks, step))
		most = max(most, slices.Max(counts[len(counts)-1]))
	}
	for i, count := range counts {
		picture.Lanes[i].Curve = chart.Curve{Color: colorAcked, Step: step, Values: shares(count, most)}
	}
	return picture
}

// bars returns the interruptions of a round, and the time without the client at the end of the plot.
func (r plotRound) bars(length time.Duration) []chart.Bar {
	var bars []chart.Bar
	for _, gap := range r.gaps {
		title := fmt.Sprintf("no writes for %.3f s", (gap.to - gap.from).Seconds())
		bars = append(bars, chart.Bar{From: gap.from + plotBefore, To: gap.to + plotBefore, Color: colorOutage, Title: title})
	}
	if last := len(r.acks) - 1; last >= 0 && r.acks[last]+plotBefore < length {
		bars = append(bars, chart.Bar{From: r.acks[last] + plotBefore, To: length, Color: colorEnded, Title: "the client has ended"})
	}
	return bars
}

// perStep counts the acknowledgements in each step of the plot.
func perStep(acks []time.Duration, step time.Duration) []int {
	counts := make([]int, plotSteps)
	for _, at := range acks {
		if at += plotBefore; at >= 0 && at < plotSteps*step {
			counts[at/step]++
		}
	}
	return counts
}

// shares returns how large a part of the most each count is.
func shares(counts []int, most int) []float64 {
	values := make([]float64, len(counts))
	for i, count := range counts {
		values[i] = float64(count) / float64(most)
	}
	return values
}

// file is the name of the plot's file.
func (p *plot) file() string { return "bench-" + p.name + ".svg" }

// plotsMarkdown returns the references to the plots.
func plotsMarkdown(plots []*plot) string {
	var out strings.Builder
	for _, p := range plots {
		fmt.Fprintf(&out, "\n![%s: rows acknowledged around the fault](%s)\n", p.name, p.file())
	}
	return out.String()
}

// writePlots writes the plots into a directory.
func writePlots(directory string, plots []*plot) error {
	var failures []error
	for _, p := range plots {
		if err := os.WriteFile(filepath.Join(directory, p.file()), []byte(p.picture().SVG()), 0o644); err != nil {
			failures = append(failures, fmt.Errorf("cannot write the plot of %s: %w", p.name, err))
		}
	}
	return errors.Join(failures...)
}
