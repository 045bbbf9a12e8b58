// Package chart draws what happened over time, as SVG.
package chart

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// The measures of a picture, in pixels.
const (
	labelWidth   = 110
	stripWidth   = 1500
	stripGap     = 34
	headHeight   = 64
	textHeight   = 12
	minimumWidth = 2.5
	// barMargin is between two lanes.
	barMargin = 4
)

// Bar is a stretch of time on a lane.
type Bar struct {
	From, To time.Duration
	Color    string
	// Label is written into the bar, Title is shown where the mouse is.
	Label, Title string
}

// Lane is a row of bars.
type Lane struct {
	Name string
	Bars []Bar
	// Curve is drawn above the bars.
	Curve Curve
}

// Mark is a line across all lanes.
type Mark struct {
	At   time.Duration
	Text string
}

// Picture is a timeline that is drawn in strips, one below the other. The zero value of each field
// of its scale has a use.
type Picture struct {
	Title, Subtitle string
	Legend          []Bar
	Lanes           []Lane
	Marks           []Mark
	Length          time.Duration
	// Strip is how much time a strip shows, by default five minutes, and Tick how much there is
	// between two numbers below it, by default 30 s.
	Strip, Tick time.Duration
	// Zero is the time that is shown as 0 s.
	Zero time.Duration
	// LaneHeight is in pixels, by default 18.
	LaneHeight int
}

// SVG returns the picture as an SVG document.
func (p Picture) SVG() string {
	p = p.withDefaults()
	strips := max(1, int((p.Length+p.Strip-1)/p.Strip))
	stripHeight := len(p.Lanes)*p.LaneHeight + stripGap
	var text strings.Builder
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n",
		labelWidth+stripWidth+20, headHeight+strips*stripHeight)
	fmt.Fprintf(&text, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n")
	fmt.Fprintf(&text, `<text x="8" y="18" font-size="14">%s</text>`+"\n", html.EscapeString(p.Title))
	fmt.Fprintf(&text, `<text x="8" y="34">%s</text>`+"\n", html.EscapeString(p.Subtitle))
	p.drawLegend(&text)
	for number := range strips {
		p.drawStrip(&text, time.Duration(number)*p.Strip, headHeight+number*stripHeight)
	}
	text.WriteString("</svg>\n")
	return text.String()
}

// withDefaults returns the picture with its scale set.
func (p Picture) withDefaults() Picture {
	if p.Strip == 0 {
		p.Strip = 5 * time.Minute
	}
	if p.Tick == 0 {
		p.Tick = 30 * time.Second
	}
	if p.LaneHeight == 0 {
		p.LaneHeight = 18
	}
	return p
}

// drawLegend draws what the colors mean.
func (p Picture) drawLegend(text *strings.Builder) {
	x := 8
	for _, one := range p.Legend {
		fmt.Fprintf(text, `<rect x="%d" y="44" width="12" height="12" fill="%s"/><text x="%d" y="54">%s</text>`+"\n",
			x, one.Color, x+16, html.EscapeString(one.Label))
		x += 40 + 7*len(one.Label)
	}
}

// drawStrip draws the time from begin on, at that height.
func (p Picture) drawStrip(text *strings.Builder, begin time.Duration, top int) {
	bottom := top + len(p.Lanes)*p.LaneHeight
	for at := begin + (p.Zero-begin)%p.Tick; at <= begin+p.Strip; at += p.Tick {
		if at < begin {
			continue
		}
		x := p.position(at - begin)
		fmt.Fprintf(text, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/><text x="%.1f" y="%d" fill="#666666">%s</text>`+"\n",
			x, top, x, bottom, x, bottom+12, p.seconds(at))
	}
	for i, one := range p.Lanes {
		y := top + i*p.LaneHeight
		fmt.Fprintf(text, `<text x="8" y="%d">%s</text>`+"\n", y+textHeight, html.EscapeString(one.Name))
		for _, b := range one.Bars {
			p.drawBar(text, b, begin, y)
		}
		p.drawCurve(text, one.Curve, begin, y)
	}
	for _, m := range p.Marks {
		if m.At < begin || m.At >= begin+p.Strip {
			continue
		}
		x := p.position(m.At - begin)
		fmt.Fprintf(text, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#000000" stroke-dasharray="4 3"/><text x="%.1f" y="%d">%s</text>`+"\n",
			x, top, x, bottom+16, x+3, bottom+24, html.EscapeString(m.Text))
	}
}

// drawBar draws the part of a bar that is in the strip from begin on.
func (p Picture) drawBar(text *strings.Builder, b Bar, begin time.Duration, y int) {
	from, to := max(b.From, begin), min(b.To, begin+p.Strip)
	if to < from || b.From >= begin+p.Strip || b.To < begin {
		return
	}
	x := p.position(from - begin)
	width := max(p.position(to-begin)-x, minimumWidth)
	fmt.Fprintf(text, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%s</title></rect>`+"\n",
		x, y+1, width, p.LaneHeight-barMargin, b.Color, html.EscapeString(b.Title))
	if b.Label != "" {
		fmt.Fprintf(text, `<text x="%.1f" y="%d" font-size="9">%s</text>`+"\n", x+2, y+textHeight, html.EscapeString(b.Label))
	}
}

// position is how far to the right a time in a strip is.
func (p Picture) position(at time.Duration) float64 {
	return labelWidth + stripWidth*at.Seconds()/p.Strip.Seconds()
}

// seconds prints a time since the zero one.
func (p Picture) seconds(at time.Duration) string {
	return fmt.Sprintf("%g s", (at - p.Zero).Seconds())
}
