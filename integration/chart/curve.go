package chart

import (
	"fmt"
	"strings"
	"time"
)

// Curve shows how a value changes over time, as steps above the lower edge of its lane.
type Curve struct {
	Color string
	// Step is how long each value lasts.
	Step time.Duration
	// Values are between 0 and 1: the lane's height.
	Values []float64
}

// drawCurve draws the part of a curve that is in the strip from begin on. Values that follow each
// other and are equal make one step: the document stays small.
func (p Picture) drawCurve(text *strings.Builder, c Curve, begin time.Duration, top int) {
	height := float64(p.LaneHeight - barMargin)
	bottom := top + 1 + p.LaneHeight - barMargin
	var path strings.Builder
	last, right := 0, begin
	for i, value := range c.Values {
		from := time.Duration(i) * c.Step
		if from < begin || from >= begin+p.Strip {
			continue
		}
		right = min(from+c.Step, begin+p.Strip)
		if rise := int(min(max(value, 0), 1)*height + 0.5); rise != last {
			fmt.Fprintf(&path, "H%.1fV%d", p.position(from-begin), bottom-rise)
			last = rise
		}
	}
	if path.Len() == 0 {
		return
	}
	fmt.Fprintf(text, `<path d="M%.1f %d%sH%.1fV%dZ" fill="%s"/>`+"\n",
		p.position(0), bottom, path.String(), p.position(right-begin), bottom, c.Color)
}
