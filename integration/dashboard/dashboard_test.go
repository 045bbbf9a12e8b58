package dashboard

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// packaged is the dashboard that the packages ship.
const packaged = "../../packaging/monitoring/dashboard.json"

func TestEachQueryOfThePackagedDashboardHasNoVariableButTheResource(t *testing.T) {
	t.Parallel()
	d, err := Read(packaged)
	if err != nil {
		t.Fatal(err)
	}
	if selector, label, err := d.LabelQuery("resource"); err != nil || selector != "ovndb_agent_info" || label != "resource" {
		t.Errorf("the variable resource has the values of %s in %s: %v", label, selector, err)
	}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			if query, err := target.With(map[string]string{"resource": "ovn"}); err != nil || !strings.Contains(query, `resource="ovn"`) {
				t.Errorf("%s asks for %s: %v", panel.Title, query, err)
			}
		}
	}
}

func TestAVariableWithoutAValueIsAnError(t *testing.T) {
	t.Parallel()
	if query, err := (Target{Expression: `up{job="$job"}`}).With(map[string]string{"resource": "ovn"}); err == nil {
		t.Errorf("the query is %s", query)
	}
}

func TestASeriesIsNamedByItsLabels(t *testing.T) {
	t.Parallel()
	got := Target{Legend: "{{instance}} {{ db }} rows"}.Name(map[string]string{"instance": "node1", "db": "NB"})
	if got != "node1 NB rows" {
		t.Errorf("the name is %q", got)
	}
}

// failover is a picture of a node that is away for three of ten seconds.
func failover() Picture {
	var states, members, tables Chart
	states.Title, states.Type, states.Grid.W, states.Grid.H = "States <now>", typeStates, 24, 7
	members.Title, members.Type, members.Grid.Y, members.Grid.W, members.Grid.H = "Members", "timeseries", 7, 12, 7
	tables.Title, tables.Type, tables.Grid.Y, tables.Grid.W, tables.Grid.H = "Versions", typeTable, 14, 12, 7
	active := Line{Labels: map[string]string{"instance": "node1", "state": "ACTIVE"}}
	count := Line{Name: "members & co"}
	for second := range 11 {
		at := time.Duration(second) * time.Second
		if second < 4 || second > 6 {
			active.Points = append(active.Points, Point{at, 1})
		}
		count.Points = append(count.Points, Point{at, float64(second / 5)})
	}
	states.Lines, members.Lines = []Line{active}, []Line{count}
	return Picture{
		Title: "a failover", Length: 10 * time.Second, Step: time.Second, Zero: 4 * time.Second,
		Marks: []Mark{{4 * time.Second, "killed"}}, Charts: []Chart{states, members, tables},
	}
}

func TestPictureHasEachPanelButTablesAndABarForEachStretchOfAState(t *testing.T) {
	t.Parallel()
	document := failover().SVG()
	wantXML(t, document)
	for text, want := range map[string]int{
		"States &lt;now&gt;": 1, "Members": 1, "Versions": 0, "members &amp; co": 1, "<title>ACTIVE</title>": 2, "+0 s: killed": 1, "stroke-dasharray": 2,
	} {
		if got := strings.Count(document, text); got != want {
			t.Errorf("%q is there %d times, want %d", text, got, want)
		}
	}
}

func TestALineHasACornerWhereItsValueChangesAlone(t *testing.T) {
	t.Parallel()
	document := failover().SVG()
	_, path, _ := strings.Cut(document, `<path d="`)
	path, _, _ = strings.Cut(path, `"`)
	if strings.Count(path, "V") != 2 {
		t.Errorf("the line is %s", path)
	}
}

func TestPanelWithoutDataIsDrawnEmpty(t *testing.T) {
	t.Parallel()
	var empty Chart
	empty.Title, empty.Type, empty.Grid.W, empty.Grid.H = "Empty", "timeseries", 12, 7
	document := Picture{Length: 10 * time.Second, Charts: []Chart{empty}}.SVG()
	wantXML(t, document)
	if strings.Contains(document, "NaN") || strings.Contains(document, "Inf") {
		t.Error("a number is none")
	}
}

func TestBoundsHaveZeroUnlessThatHidesHowValuesDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values            []float64
		smallest, largest float64
	}{
		{[]float64{1, 2}, 0, 2},
		{[]float64{3, 3}, 0, 3},
		{[]float64{0, 0}, 0, 1},
		{[]float64{1000, 1001}, 1000, 1001},
		{[]float64{-1000000, 5}, -1000000, 5},
	} {
		var line Line
		for _, value := range c.values {
			line.Points = append(line.Points, Point{Value: value})
		}
		if smallest, largest := bounds([]Line{line}); smallest != c.smallest || largest != c.largest {
			t.Errorf("%v is drawn from %v to %v, want %v to %v", c.values, smallest, largest, c.smallest, c.largest)
		}
	}
}

func wantXML(t *testing.T, document string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}
