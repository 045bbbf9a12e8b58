package main

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// The measures of the picture, in pixels, and how much time a strip of it shows.
const (
	stripLength  = 5 * time.Minute
	labelWidth   = 110
	stripWidth   = 1500
	laneHeight   = 18
	barHeight    = 14
	stripGap     = 34
	headHeight   = 64
	tickEvery    = 30 * time.Second
	minimumWidth = 2.5
)

// bar is a stretch of time on a lane.
type bar struct {
	From, To time.Duration
	Color    string
	// Label is written into the bar, Title is shown where the mouse is.
	Label, Title string
}

// lane is a row of bars.
type lane struct {
	Name string
	Bars []bar
}

// mark is a line across all lanes.
type mark struct {
	At   time.Duration
	Text string
}

// picture is a timeline that is drawn in strips, one below the other.
type picture struct {
	Title, Subtitle string
	Legend          []bar
	Lanes           []lane
	Marks           []mark
	Length          time.Duration
}

// svg returns the picture as an SVG document.
func (p picture) svg() string {
	strips := max(1, int((p.Length+stripLength-1)/stripLength))
	stripHeight := len(p.Lanes)*laneHeight + stripGap
	var text strings.Builder
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n",
		labelWidth+stripWidth+20, headHeight+strips*stripHeight)
	fmt.Fprintf(&text, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n")
	fmt.Fprintf(&text, `<text x="8" y="18" font-size="14">%s</text>`+"\n", html.EscapeString(p.Title))
	fmt.Fprintf(&text, `<text x="8" y="34">%s</text>`+"\n", html.EscapeString(p.Subtitle))
	p.drawLegend(&text)
	for number := range strips {
		p.drawStrip(&text, time.Duration(number)*stripLength, headHeight+number*stripHeight)
	}
	text.WriteString("</svg>\n")
	return text.String()
}

// drawLegend draws what the colors mean.
func (p picture) drawLegend(text *strings.Builder) {
	x := 8
	for _, one := range p.Legend {
		fmt.Fprintf(text, `<rect x="%d" y="44" width="12" height="12" fill="%s"/><text x="%d" y="54">%s</text>`+"\n",
			x, one.Color, x+16, html.EscapeString(one.Label))
		x += 40 + 7*len(one.Label)
	}
}

// drawStrip draws the time from begin on, at that height.
func (p picture) drawStrip(text *strings.Builder, begin time.Duration, top int) {
	bottom := top + len(p.Lanes)*laneHeight
	for at := begin; at <= begin+stripLength; at += tickEvery {
		x := position(at - begin)
		fmt.Fprintf(text, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/><text x="%.1f" y="%d" fill="#666666">%s</text>`+"\n",
			x, top, x, bottom, x, bottom+12, seconds(at))
	}
	for i, one := range p.Lanes {
		y := top + i*laneHeight
		fmt.Fprintf(text, `<text x="8" y="%d">%s</text>`+"\n", y+12, html.EscapeString(one.Name))
		for _, b := range one.Bars {
			b.draw(text, begin, y)
		}
	}
	for _, m := range p.Marks {
		if m.At < begin || m.At >= begin+stripLength {
			continue
		}
		x := position(m.At - begin)
		fmt.Fprintf(text, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#000000" stroke-dasharray="4 3"/><text x="%.1f" y="%d">%s</text>`+"\n",
			x, top, x, bottom+16, x+3, bottom+24, html.EscapeString(m.Text))
	}
}

// draw draws the part of a bar that is in the strip from begin on.
func (b bar) draw(text *strings.Builder, begin time.Duration, y int) {
	from, to := max(b.From, begin), min(b.To, begin+stripLength)
	if to < from || b.From >= begin+stripLength || b.To < begin {
		return
	}
	x := position(from - begin)
	width := max(position(to-begin)-x, minimumWidth)
	fmt.Fprintf(text, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%s</title></rect>`+"\n",
		x, y+1, width, barHeight, b.Color, html.EscapeString(b.Title))
	if b.Label != "" {
		fmt.Fprintf(text, `<text x="%.1f" y="%d" font-size="9">%s</text>`+"\n", x+2, y+12, html.EscapeString(b.Label))
	}
}

// position is how far to the right a time in a strip is.
func position(at time.Duration) float64 {
	return labelWidth + stripWidth*at.Seconds()/stripLength.Seconds()
}

// seconds prints a time since the beginning.
func seconds(at time.Duration) string { return fmt.Sprintf("%.0f s", at.Seconds()) }
