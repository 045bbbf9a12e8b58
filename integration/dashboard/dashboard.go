// Package dashboard reads a Grafana dashboard, and draws what its panels show.
package dashboard

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Panel is a panel of a dashboard.
type Panel struct {
	Title string `json:"title"`
	// Type is Grafana's, as "timeseries".
	Type string `json:"type"`
	// Grid is where it is, and how large, in Grafana's 24 columns.
	Grid struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	} `json:"gridPos"`
	Config struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []Target `json:"targets"`
}

// Target is a query of a panel.
type Target struct {
	Expression string `json:"expr"`
	// Legend names a series by its labels, as "{{instance}}".
	Legend string `json:"legendFormat"`
	// Instant says that it is evaluated once, and not over a time.
	Instant bool `json:"instant"`
}

// Dashboard is a dashboard with the variables that its queries use.
type Dashboard struct {
	Panels     []Panel `json:"panels"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Variable is a variable, whose values a query finds.
type Variable struct {
	Name  string          `json:"name"`
	Type  string          `json:"type"`
	Query json.RawMessage `json:"query"`
}

// Read reads a dashboard from a file.
func Read(path string) (Dashboard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Dashboard{}, fmt.Errorf("cannot read the dashboard: %w", err)
	}
	var d Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return Dashboard{}, fmt.Errorf("cannot read the dashboard %s: %w", path, err)
	}
	return d, nil
}

// LabelQuery returns the selector and the label of the query of a variable, which is of the form
// label_values(SELECTOR, LABEL).
func (d Dashboard) LabelQuery(name string) (selector, label string, err error) {
	form := regexp.MustCompile(`label_values\((.+), *(\w+)\)`)
	for _, v := range d.Templating.List {
		if found := form.FindSubmatch(v.Query); v.Name == name && found != nil {
			return string(found[1]), string(found[2]), nil
		}
	}
	return "", "", fmt.Errorf("the dashboard has no variable %s with values of a label", name)
}

// With returns an expression in which variables have their values; an error if one is left.
func (t Target) With(values map[string]string) (string, error) {
	expression := t.Expression
	for name, value := range values {
		expression = strings.NewReplacer("${"+name+"}", value, "$"+name, value).Replace(expression)
	}
	if strings.Contains(expression, "$") {
		return "", fmt.Errorf("%s has a variable without a value", expression)
	}
	return expression, nil
}

// Name names a series by its labels.
func (t Target) Name(labels map[string]string) string {
	return regexp.MustCompile(`\{\{ *(\w+) *\}\}`).ReplaceAllStringFunc(t.Legend, func(field string) string {
		return labels[strings.Trim(field, "{} ")]
	})
}
