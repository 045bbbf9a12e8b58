package dashboard

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"
)

// drawLines draws the lines of a panel as steps, from the smallest to the largest value.
func (p plot) drawLines(lines []Line) {
	p.smallest, p.largest = bounds(lines)
	for _, value := range []float64{p.smallest, p.largest} {
		fmt.Fprintf(p.out, `<line x1="%.0f" y1="%.0f" x2="%.0f" y2="%.0f" stroke="#eeeeee"/><text x="%.0f" y="%.0f" fill="#666666" text-anchor="end">%s</text>`+"\n",
			p.x, p.up(value), p.x+p.width, p.up(value), p.x-4, p.up(value)+3, amount(value, p.unit))
	}
	for i, line := range lines {
		for run := range p.runs(line.Points) {
			fmt.Fprintf(p.out, `<path d="%s" fill="none" stroke="%s"/>`+"\n", p.path(run), palette()[i%len(palette())])
		}
	}
}

// bounds returns the smallest and the largest value, and never the same twice. Zero is within them, but
// where it would hide how the values differ.
func bounds(lines []Line) (smallest, largest float64) {
	smallest, largest = math.Inf(1), math.Inf(-1)
	for _, line := range lines {
		for _, point := range line.Points {
			smallest, largest = min(smallest, point.Value), max(largest, point.Value)
		}
	}
	switch {
	case smallest > largest: // no points
		return 0, 1
	case smallest > 0 && smallest < 4*(largest-smallest) || smallest == largest && largest > 0:
		smallest = 0
	}
	if smallest == largest {
		largest++
	}
	return smallest, largest
}

// up is how far down a value is.
func (p plot) up(value float64) float64 {
	return p.y + p.height*(p.largest-value)/(p.largest-p.smallest)
}

// runs yields the points that follow each other without a gap.
func (p plot) runs(points []Point) func(yield func([]Point) bool) {
	return func(yield func([]Point) bool) {
		for from := 0; from < len(points); {
			to := from + 1
			for to < len(points) && points[to].At-points[to-1].At <= p.Step {
				to++
			}
			if !yield(points[from:to]) {
				return
			}
			from = to
		}
	}
}

// path is the way through points, each of which holds until the next one. Values that stay need no
// corner.
func (p plot) path(points []Point) string {
	var way strings.Builder
	fmt.Fprintf(&way, "M%.0f %.1f", p.right(points[0].At), p.up(points[0].Value))
	for i, point := range points[1:] {
		if point.Value != points[i].Value {
			fmt.Fprintf(&way, "H%.0fV%.1f", p.right(point.At), p.up(point.Value))
		}
	}
	fmt.Fprintf(&way, "H%.0f", min(p.right(points[len(points)-1].At+p.Step), p.x+p.width))
	return way.String()
}

// amount writes a value with its unit.
func amount(value float64, unit string) string {
	const kibi, mebi = 1 << 10, 1 << 20
	switch {
	case unit == "bytes" && math.Abs(value) >= 10*mebi:
		return fmt.Sprintf("%.0f MiB", value/mebi)
	case unit == "bytes" && math.Abs(value) >= kibi:
		return fmt.Sprintf("%.0f KiB", value/kibi)
	case unit == "bytes":
		return fmt.Sprintf("%.0f B", value)
	case unit == "s":
		return fmt.Sprintf("%.1f s", value)
	default:
		return fmt.Sprintf("%.4g", value)
	}
}

// drawStates draws a row for each instance, with a bar for each state and time.
func (p plot) drawStates(lines []Line) {
	var instances []string
	for _, line := range lines {
		if instance := line.Labels["instance"]; !slices.Contains(instances, instance) {
			instances = append(instances, instance)
		}
	}
	slices.Sort(instances)
	height := p.height / float64(max(len(instances), 1))
	for i, instance := range instances {
		fmt.Fprintf(p.out, `<text x="%.0f" y="%.0f" text-anchor="end">%s</text>`+"\n", p.x-4, p.y+(float64(i)+0.5)*height+3, html.EscapeString(instance))
	}
	for _, line := range lines {
		row := float64(slices.Index(instances, line.Labels["instance"]))
		for run := range p.runs(line.Points) {
			p.drawState(line.Labels["state"], run[0].At, run[len(run)-1].At+p.Step, p.y+row*height+1, height-2)
		}
	}
}

// drawState draws a bar, with its name where there is room for it.
func (p plot) drawState(state string, from, to time.Duration, y, height float64) {
	const letter = 6
	x, end := p.right(from), min(p.right(to), p.x+p.width)
	fmt.Fprintf(p.out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"><title>%s</title></rect>`+"\n",
		x, y, end-x, height, stateColor(state), html.EscapeString(state))
	if end-x > float64(letter*len(state)) {
		fmt.Fprintf(p.out, `<text x="%.0f" y="%.0f">%s</text>`+"\n", x+3, y+height/2+3, html.EscapeString(state))
	}
}
