package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
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
	p := picture{
		Title: "a <run> & its end", Length: 11 * time.Minute,
		Lanes: []lane{{Name: "faults", Bars: []bar{
			{From: time.Minute, To: time.Minute, Title: "instant"},
			{From: 4 * time.Minute, To: 6 * time.Minute, Title: "over <an> edge"},
			{From: 0, To: 11 * time.Minute, Title: "all"},
			{From: 5 * time.Minute, To: 5 * time.Minute, Title: "on the edge"},
		}}},
		Marks: []mark{{10 * time.Minute, "healed"}},
	}
	document := p.svg()
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
	document := picture{Lanes: []lane{{Name: "faults"}}}.svg()
	rects(t, document)
	if strings.Count(document, "faults") != 1 {
		t.Error("want one strip")
	}
}
