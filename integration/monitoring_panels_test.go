//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/dashboard"
	"ovndb-servers/integration/prometheus"
)

// The time that the picture of the dashboard shows around a loss.
const (
	picturedBefore = 10 * time.Second
	picturedAfter  = 50 * time.Second
)

// wantPanels checks that each query of the dashboard has data over a failover, and draws the panels if
// that is asked for.
func (w *watched) wantPanels(lost time.Time, before, after string) {
	w.t.Helper()
	d, err := dashboard.Read(filepath.Join(monitoringFiles, "dashboard.json"))
	w.check(err)
	variables := map[string]string{"resource": w.resources(d)}
	from, to := lost.Add(-picturedBefore), lost.Add(picturedAfter)
	if now := time.Now(); to.After(now) {
		w.awaitSamples(to.Sub(now))
	}
	picture := dashboard.Picture{
		Title:  fmt.Sprintf("Node %s loses its power under writers, and comes back", before),
		Length: to.Sub(from), Step: scrapeInterval, Zero: picturedBefore,
		Marks: []dashboard.Mark{
			{At: picturedBefore, Text: before + " loses its power"},
			{At: w.storyOfMetrics(before, lost).at.Sub(from), Text: after + " is active"},
		},
	}
	for _, panel := range d.Panels {
		chart := dashboard.Chart{Panel: panel}
		for _, target := range panel.Targets {
			expression, err := target.With(variables)
			w.check(err)
			lines := w.lines(expression, target, from, to)
			if len(lines) == 0 {
				w.t.Errorf("panel %q shows nothing: %s", panel.Title, expression)
			}
			chart.Lines = append(chart.Lines, lines...)
		}
		picture.Charts = append(picture.Charts, chart)
	}
	if suite.picture != "" {
		w.check(os.WriteFile(suite.picture, []byte(picture.SVG()), 0o644))
	}
}

// resources returns the values of the dashboard's variable: the one resource of the cluster.
func (w *watched) resources(d dashboard.Dashboard) string {
	w.t.Helper()
	selector, label, err := d.LabelQuery("resource")
	w.check(err)
	values, err := w.server.LabelValues(w.ctx, label, selector)
	w.check(err)
	if len(values) != 1 || values[0] != cluster.Resource {
		w.t.Fatalf("the dashboard offers the resources %v, want %s", values, cluster.Resource)
	}
	return values[0]
}

// lines evaluates a query of a panel.
func (w *watched) lines(expression string, target dashboard.Target, from, to time.Time) []dashboard.Line {
	w.t.Helper()
	var found []prometheus.Series
	var err error
	if target.Instant {
		found, err = w.server.Query(w.ctx, expression, to)
	} else {
		found, err = w.server.QueryRange(w.ctx, expression, from, to, scrapeInterval)
	}
	w.check(err)
	var lines []dashboard.Line
	for _, series := range found {
		line := dashboard.Line{Name: target.Name(series.Labels), Labels: series.Labels}
		for _, point := range series.Points {
			line.Points = append(line.Points, dashboard.Point{At: point.At.Sub(from).Round(time.Millisecond), Value: point.Value})
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b dashboard.Line) int { return strings.Compare(a.Name, b.Name) })
	return lines
}

// wantCleanMetrics checks that promtool has no complaint about the metrics of any node, from either source.
func (w *watched) wantCleanMetrics() {
	w.t.Helper()
	promtool, err := prometheus.Find("promtool")
	w.check(err)
	for _, node := range w.NodeNames() {
		for source, text := range map[string]string{
			"metrics_listen":       w.served(node),
			"status -o prometheus": w.printed(node),
		} {
			cmd := exec.CommandContext(w.ctx, promtool, "check", "metrics")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				w.t.Errorf("promtool check metrics, of %s on %s: %v\n%s", source, node, err, out)
			}
		}
	}
}

// printed returns the metrics that status prints on a healthy node.
func (w *watched) printed(node string) string {
	w.t.Helper()
	var text string
	w.await("the metrics of "+node, func(ctx context.Context) error {
		result, err := w.Exec(ctx, node, "ovndb-servers", "status", "-o", "prometheus")
		if err == nil && result.Code != exitSuccess {
			err = errors.New(result.String())
		}
		text = result.Stdout
		return err
	})
	return text
}

// served returns the metrics that a node serves.
func (w *watched) served(node string) string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, fmt.Sprintf("http://%s/metrics", metricsAddress(w.addressOf(node))), http.NoBody)
	w.check(err)
	response, err := http.DefaultClient.Do(request)
	w.check(err)
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	w.check(err)
	return string(body)
}

// awaitAlert awaits that an alert fires, or that it does no more.
func (w *watched) awaitAlert(name string, fires bool) {
	w.t.Helper()
	w.await(fmt.Sprintf("alert %s to fire: %t", name, fires), func(ctx context.Context) error {
		if found := w.series(ctx, fmt.Sprintf(`ALERTS{alertname=%q,alertstate="firing"}`, name)); len(found) > 0 != fires {
			return errors.New("it does not")
		}
		return nil
	})
}

// wantNoAlert checks that nothing is to be said of a healthy cluster.
func (w *watched) wantNoAlert() {
	w.t.Helper()
	for _, one := range w.series(w.ctx, "ALERTS") {
		w.t.Errorf("alert of a healthy cluster: %v", one.Labels)
	}
}

// wantPatience checks that a failover has made the alert of it wait, and has had no critical alert fire.
func (w *watched) wantPatience() {
	w.t.Helper()
	if len(w.samples(`ALERTS{alertname="OVNDBNoActive",alertstate="pending"}`)) == 0 {
		w.t.Error("OVNDBNoActive has not seen that no node was active")
	}
	for _, one := range w.samples(`ALERTS{alertstate="firing",severity="critical"}`) {
		w.t.Errorf("a failover is no alert: %v", one.Labels)
	}
}

// wantAlerts awaits that just those alerts have fired which should: no node was active for longer than the
// patience of the alert, a server was restarted, and rows are in snapshots, where there are any.
func (w *watched) wantAlerts() {
	w.t.Helper()
	w.await("the alerts", func(context.Context) error {
		fired := map[string][]string{}
		for _, one := range w.samples(`ALERTS{alertstate="firing"}`) {
			name := one.Labels["alertname"]
			fired[name] = slices.Compact(slices.Sorted(slices.Values(append(fired[name], one.Labels["instance"]))))
		}
		wanted := []string{"OVNDBNoActive", "OVNDBServerRestarted"}
		kept := w.withSnapshots()
		if len(kept) > 0 {
			wanted = append(wanted, "OVNDBSnapshotTaken")
		}
		if got := slices.Sorted(maps.Keys(fired)); !slices.Equal(got, wanted) || !slices.Equal(fired["OVNDBSnapshotTaken"], kept) {
			return fmt.Errorf("fired: %v; want %v, and snapshots are on %v", fired, wanted, kept)
		}
		return nil
	})
}

// withSnapshots returns the nodes that have snapshots.
func (w *watched) withSnapshots() []string {
	w.t.Helper()
	var nodes []string
	for _, node := range w.NodeNames() {
		found, err := w.Exec(w.ctx, node, "find", cluster.SnapshotDir, "-name", "*.db") // there may be no directory
		w.check(err)
		if found.Stdout != "" {
			nodes = append(nodes, node)
		}
	}
	return nodes
}
