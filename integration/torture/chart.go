package main

import (
	"fmt"
	"time"

	"ovndb-servers/integration/chart"
	"ovndb-servers/integration/cluster"
)

// The colors of the picture.
const (
	colorFault      = "#fdae6b"
	colorFencing    = "#756bb1"
	colorWrites     = "#a1d99b"
	colorOutage     = "#de2d26"
	colorPromoted   = "#3182bd"
	colorUnpromoted = "#c6dbef"
	colorChanging   = "#fee391"
	colorAway       = "#e0e0e0"
)

// visibleOutage is the shortest time without writes that is drawn and listed: less than
// that is a pause of this machine.
const visibleOutage = time.Second

// chart draws a run that is over.
func (r *run) chart() chart.Picture {
	p := chart.Picture{
		Title:    fmt.Sprintf("torture, seed %d, %s, fencing %s", r.options.seed, r.options.suite, yesNo(r.options.fencing)),
		Subtitle: r.outcome(),
		Legend: []chart.Bar{
			{Color: colorFault, Label: "fault"},
			{Color: colorFencing, Label: "fenced"},
			{Color: colorWrites, Label: "writes"},
			{Color: colorOutage, Label: "no writes"},
			{Color: colorPromoted, Label: "promoted"},
			{Color: colorUnpromoted, Label: "unpromoted"},
			{Color: colorChanging, Label: "changes its role"},
			{Color: colorAway, Label: "stopped or offline"},
		},
		Length: r.ended.Sub(r.began),
	}
	p.Lanes = append(p.Lanes, r.faultLanes()...)
	p.Lanes = append(p.Lanes, r.writeLanes()...)
	for _, node := range r.cluster.NodeNames() {
		p.Lanes = append(p.Lanes, r.nodeLane(node))
	}
	for _, m := range []struct {
		at   time.Time
		text string
	}{{r.healed, "all healed"}, {r.settled, "settled"}, {r.stopped, "writers stopped"}} {
		if !m.at.IsZero() {
			p.Marks = append(p.Marks, chart.Mark{At: m.at.Sub(r.began), Text: m.text})
		}
	}
	return p
}

// bar makes a bar of an interval.
func (r *run) bar(from, to time.Time, color, label, title string) chart.Bar {
	return chart.Bar{From: from.Sub(r.began), To: to.Sub(r.began), Color: color, Label: label, Title: title}
}

// faultLanes returns two lanes: the first faults of steps, and the second ones with the
// fencing.
func (r *run) faultLanes() []chart.Lane {
	lanes := []chart.Lane{{Name: "faults"}, {Name: ""}}
	steps := map[int]int{}
	for _, one := range r.journal.occurrences {
		which := min(steps[one.Step], 1)
		steps[one.Step]++
		title := fmt.Sprintf("%d: %s (%s), %s", one.Step, one.Fault, one.Node, one.Ended.Sub(one.Began).Round(100*time.Millisecond))
		label := fmt.Sprintf("%d %s", one.Step, one.Fault.Kind)
		lanes[which].Bars = append(lanes[which].Bars, r.bar(one.Began, one.Ended, colorFault, label, title))
	}
	for _, one := range r.journal.fencings {
		lanes[1].Bars = append(lanes[1].Bars, r.bar(one.At, one.At, colorFencing, "", one.Node+" fenced"))
	}
	return lanes
}

// writeLanes returns a lane for each database.
func (r *run) writeLanes() []chart.Lane {
	var lanes []chart.Lane
	for _, writer := range r.writers {
		within := interval{r.began, r.stopped}
		one := chart.Lane{Name: short(writer.Database()) + " writes", Bars: []chart.Bar{r.bar(within.From, within.To, colorWrites, "", "writes")}}
		for _, gap := range outages(writer.Acks(), within, visibleOutage) {
			length := fmt.Sprintf("%.1f s", gap.length().Seconds())
			one.Bars = append(one.Bars, r.bar(gap.From, gap.To, colorOutage, "", "no writes for "+length))
		}
		lanes = append(lanes, one)
	}
	return lanes
}

// nodeLane returns the lane of a node's role.
func (r *run) nodeLane(node string) chart.Lane {
	one := chart.Lane{Name: node}
	samples := r.journal.samples
	for i := 0; i < len(samples); {
		role, next := samples[i].Roles[node], i+1
		for next < len(samples) && samples[next].Roles[node] == role {
			next++
		}
		until := r.ended
		if next < len(samples) {
			until = samples[next].At
		}
		one.Bars = append(one.Bars, r.bar(samples[i].At, until, roleColor(role), "", node+" "+role))
		i = next
	}
	return one
}

// roleColor returns the color of a role.
func roleColor(role string) string {
	switch role {
	case string(cluster.Promoted):
		return colorPromoted
	case string(cluster.Unpromoted):
		return colorUnpromoted
	case string(cluster.Stopped), roleOffline:
		return colorAway
	default:
		return colorChanging
	}
}
