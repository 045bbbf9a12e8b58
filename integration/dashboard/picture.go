package dashboard

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// The types of panels that are not drawn as lines with a legend.
const (
	typeStates = "state-timeline"
	typeStat   = "stat"
	typeTable  = "table"
)

// The measures of a picture, in pixels.
const (
	columnWidth  = 40 // of Grafana's 24
	rowHeight    = 20
	headHeight   = 44
	margin       = 6
	titleHeight  = 16
	legendHeight = 11
	axisWidth    = 52
	axisHeight   = 14
)

// Line is a series of a panel.
type Line struct {
	Name   string
	Labels map[string]string
	// Points are by time since the beginning of the picture, at multiples of its step.
	Points []Point
}

// Point is a value of a line.
type Point struct {
	At    time.Duration
	Value float64
}

// Chart is a panel with what it shows.
type Chart struct {
	Panel

	Lines []Line
}

// Mark is a time that is marked in all panels.
type Mark struct {
	At   time.Duration
	Text string
}

// Picture is a dashboard over a time.
type Picture struct {
	Title        string
	Length, Step time.Duration
	// Zero is the time that the axes count from.
	Zero   time.Duration
	Marks  []Mark
	Charts []Chart
}

// palette are the colors of lines, which repeat.
func palette() []string {
	return []string{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"}
}

// stateColor is the color of a state of a node.
func stateColor(state string) string {
	colors := map[string]string{
		"ACTIVE": "#3182bd", "NO-WRITES": "#de2d26", "BACKUP:fresh": "#a1d99b", "BACKUP:stale": "#fdae6b",
		"PARKED": "#fee391", "BARRED": "#9e9ac8", "FAILED": "#636363",
	}
	if color, known := colors[state]; known {
		return color
	}
	return "#bdbdbd"
}

// SVG returns the picture as an SVG document. Tables are left out.
func (p Picture) SVG() string {
	height := 0
	for _, c := range p.Charts {
		height = max(height, c.Grid.Y+c.Grid.H)
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="9">`+"\n",
		24*columnWidth, headHeight+height*rowHeight)
	out.WriteString(`<rect width="100%" height="100%" fill="#ffffff"/>` + "\n")
	fmt.Fprintf(&out, `<text x="%d" y="16" font-size="13">%s</text>`+"\n", margin, html.EscapeString(p.Title))
	var marks []string
	for _, m := range p.Marks {
		marks = append(marks, fmt.Sprintf("%s: %s", p.clock(m.At), m.Text))
	}
	fmt.Fprintf(&out, `<text x="%d" y="32">%s</text>`+"\n", margin, html.EscapeString(strings.Join(marks, "; ")))
	for _, c := range p.Charts {
		if c.Type != typeTable {
			p.draw(&out, c)
		}
	}
	out.WriteString("</svg>\n")
	return out.String()
}

// clock writes a time as the axes do.
func (p Picture) clock(at time.Duration) string {
	return fmt.Sprintf("%+.0f s", (at - p.Zero).Seconds())
}

// plot is the area in which a chart draws its lines.
type plot struct {
	Picture

	out                 *strings.Builder
	x, y, width, height float64
	smallest, largest   float64
	unit                string
}

// draw draws a panel: its title, its legend, and its plot.
func (p Picture) draw(out *strings.Builder, c Chart) {
	x, y := c.Grid.X*columnWidth, headHeight+c.Grid.Y*rowHeight
	width, height := c.Grid.W*columnWidth, c.Grid.H*rowHeight
	fmt.Fprintf(out, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#dddddd"/>`+"\n", x+2, y+2, width-4, height-4)
	fmt.Fprintf(out, `<text x="%d" y="%d" font-size="11">%s</text>`+"\n", x+margin, y+margin+8, html.EscapeString(c.Title))
	head := titleHeight + drawLegend(out, c.legend(), x+margin, y+titleHeight+9, width-2*margin)
	area := plot{
		Picture: p, out: out, x: float64(x + axisWidth), y: float64(y + head + margin),
		width: float64(width - axisWidth - 2*margin), height: float64(height - head - margin - axisHeight - margin),
		unit: c.Config.Defaults.Unit,
	}
	if c.Type == typeStates {
		area.drawStates(c.Lines)
	} else {
		area.drawLines(c.Lines)
	}
	area.drawTimes()
}

// entry is an entry of a legend.
type entry struct{ name, color string }

// legend returns the entries for the states of a chart, or for its lines if there are several.
func (c Chart) legend() []entry {
	var entries []entry
	for i, line := range c.Lines {
		one := entry{line.Name, palette()[i%len(palette())]}
		if c.Type == typeStates {
			one = entry{line.Labels["state"], stateColor(line.Labels["state"])}
		}
		if c.Type != typeStat && !slices.Contains(entries, one) {
			entries = append(entries, one)
		}
	}
	return entries
}

// drawLegend names what the colors mean, and returns its height.
func drawLegend(out *strings.Builder, entries []entry, x, y, width int) int {
	const letter, box = 5, 22
	if len(entries) == 0 {
		return 0
	}
	at, height := x, legendHeight
	for _, e := range entries {
		need := box + letter*len(e.name)
		if at > x && at+need > x+width {
			at, height = x, height+legendHeight
		}
		bottom := y + height - legendHeight
		fmt.Fprintf(out, `<rect x="%d" y="%d" width="8" height="4" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			at, bottom-5, e.color, at+11, bottom, html.EscapeString(e.name))
		at += need
	}
	return height
}

// right is how far to the right a time is.
func (p plot) right(at time.Duration) float64 {
	return p.x + p.width*at.Seconds()/max(p.Length, time.Second).Seconds()
}

// drawTimes draws the axis of time and the marks.
func (p plot) drawTimes() {
	const tick = 10 * time.Second
	bottom := p.y + p.height
	every := tick
	if p.width < 300 {
		every = 2 * tick
	}
	for at := p.Zero % tick; at <= p.Length; at += tick {
		if (at-p.Zero)%every == 0 {
			fmt.Fprintf(p.out, `<text x="%.0f" y="%.0f" fill="#666666" text-anchor="middle">%s</text>`+"\n", p.right(at), bottom+11, p.clock(at))
		}
	}
	for _, m := range p.Marks {
		fmt.Fprintf(p.out, `<line x1="%.1f" y1="%.0f" x2="%.1f" y2="%.0f" stroke="#000000" stroke-dasharray="2 2"/>`+"\n",
			p.right(m.At), p.y, p.right(m.At), bottom)
	}
}
