package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/chart"
)

// rects returns the rectangles of a document by their titles; it fails the test if the
// document is no XML.
func rects(t *testing.T, document string) map[string]int {
	t.Helper()
	found := map[string]int{}
	decoder := xml.NewDecoder(strings.NewReader(document))
	title := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			title = token.Name.Local == "title"
		case xml.CharData:
			if title {
				found[string(token)]++
			}
			title = false
		}
	}
}

func TestPictureHasEachBarInTheStripsThatItReaches(t *testing.T) {
	t.Parallel()
	p := chart.Picture{
		Title: "a <run> & its end", Length: 11 * time.Minute,
		Lanes: []chart.Lane{{Name: "faults", Bars: []chart.Bar{
			{From: time.Minute, To: time.Minute, Title: "instant"},
			{From: 4 * time.Minute, To: 6 * time.Minute, Title: "over <an> edge"},
			{From: 0, To: 11 * time.Minute, Title: "all"},
			{From: 5 * time.Minute, To: 5 * time.Minute, Title: "on the edge"},
		}}},
		Marks: []chart.Mark{{At: 10 * time.Minute, Text: "healed"}},
	}
	document := p.SVG()
	got := rects(t, document)
	for title, want := range map[string]int{"instant": 1, "over <an> edge": 2, "all": 3, "on the edge": 1} {
		if got[title] != want {
			t.Errorf("%q is drawn %d times, want %d", title, got[title], want)
		}
	}
	if strings.Count(document, "healed") != 1 {
		t.Errorf("the mark is drawn %d times, want once", strings.Count(document, "healed"))
	}
}

func TestPictureOfARunThatWasTooShortIsOneStrip(t *testing.T) {
	t.Parallel()
	document := chart.Picture{Lanes: []chart.Lane{{Name: "faults"}}}.SVG()
	rects(t, document)
	if strings.Count(document, "faults") != 1 {
		t.Error("want one strip")
	}
}

func TestPictureCountsFromItsZero(t *testing.T) {
	t.Parallel()
	document := chart.Picture{
		Lanes: []chart.Lane{{Name: "writes"}}, Length: 9 * time.Second, Strip: 9 * time.Second, Tick: 5 * time.Second, Zero: 2 * time.Second,
	}.SVG()
	rects(t, document)
	for text, want := range map[string]int{">0 s<": 1, ">5 s<": 1, ">-5 s<": 0, ">10 s<": 0, ">-2 s<": 0} {
		if got := strings.Count(document, text); got != want {
			t.Errorf("%q is there %d times, want %d", text, got, want)
		}
	}
}

func TestCurveHasAStepForEachChangeAlone(t *testing.T) {
	t.Parallel()
	draw := func(values ...float64) string {
		return chart.Picture{
			Lanes:  []chart.Lane{{Curve: chart.Curve{Color: "#a1d99b", Step: time.Second, Values: values}}},
			Length: 10 * time.Second, Strip: 10 * time.Second, LaneHeight: 14,
		}.SVG()
	}
	document := draw(0.5, 0.5, 0, 0, 2)
	rects(t, document)
	// The lane is 10 pixels high, from 65 to 75, and a second is 150 pixels wide.
	if want := `<path d="M110.0 75H110.0V70H410.0V75H710.0V65H860.0V75Z" fill="#a1d99b"/>`; !strings.Contains(document, want) {
		t.Errorf("%s is not in:\n%s", want, document)
	}
	if document := draw(0, 0); strings.Contains(document, "<path") {
		t.Errorf("a curve that does not rise is drawn:\n%s", document)
	}
}
