package metrics_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/metrics"
)

// monitoringFiles are the alerts and the dashboard that the packages ship.
const monitoringFiles = "../../packaging/monitoring"

// promtool returns the path of Prometheus's tool, which tools/deps unpacks.
func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("promtool is not in PATH, and there is no cache directory: ", err)
	}
	path := filepath.Join(cache, "ovndb-servers/promtool/usr/bin/promtool")
	if _, err := os.Stat(path); err != nil {
		t.Skip("promtool is not installed: tools/deps unit")
	}
	return path
}

func runPromtool(t *testing.T, input []byte, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), promtool(t), args...)
	cmd.Dir, cmd.Stdin = monitoringFiles, bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("FAILED")) {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPromtoolHasNoComplaintAboutTheMetrics(t *testing.T) {
	t.Parallel()
	runPromtool(t, full().Text(), "check", "metrics")
}

func TestAlertsFireWhenTheyShouldAndOnlyThen(t *testing.T) {
	t.Parallel()
	runPromtool(t, nil, "check", "rules", "alerts.yaml")
	runPromtool(t, nil, "test", "rules", "alerts_test.yaml")
}

func TestEachAlertIsTested(t *testing.T) {
	t.Parallel()
	alerts, tests := monitoringFile(t, "alerts.yaml"), monitoringFile(t, "alerts_test.yaml")
	found := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(alerts, -1)
	if len(found) < 12 {
		t.Errorf("%d alerts were found", len(found))
	}
	for _, alert := range found {
		if !regexp.MustCompile(`alertname: ` + alert[1] + `\n +exp_alerts:\n`).MatchString(tests) {
			t.Errorf("no test shows that alert %s fires", alert[1])
		}
	}
}

func monitoringFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoringFiles, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAlertsAndDashboardUseOnlyMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	var known []string
	for _, f := range metrics.Families() {
		known = append(known, f.Name)
	}
	for _, file := range []string{"alerts.yaml", "alerts_test.yaml", "dashboard.json"} {
		used := regexp.MustCompile(`\bovndb_[a-z_]+`).FindAllString(monitoringFile(t, file), -1)
		if len(used) == 0 {
			t.Errorf("%s uses no metric", file)
		}
		for _, name := range used {
			if !slices.Contains(known, name) {
				t.Errorf("%s uses %s, which there is not", file, name)
			}
		}
	}
}

func TestPackagesOfBothFormatsShipAlertsAndDashboard(t *testing.T) {
	t.Parallel()
	for _, description := range []string{"../deb.yaml", "../rpm.yaml"} {
		for _, file := range []string{"alerts.yaml", "dashboard.json"} {
			if !strings.Contains(monitoringFile(t, description), "{src: packaging/monitoring/"+file+", dst: /usr/share/doc/ovndb-servers/monitoring/"+file) {
				t.Errorf("%s does not ship %s", description, file)
			}
		}
	}
}

// dashboard is what is checked of a Grafana dashboard.
type dashboard struct {
	UID    string `json:"uid"`
	Panels []struct {
		ID      int    `json:"id"`
		Title   string `json:"title"`
		Targets []struct {
			Expr string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

func TestEachPanelOfTheDashboardHasAnExpressionThatPrometheusCanRead(t *testing.T) {
	t.Parallel()
	var d dashboard
	if err := json.Unmarshal([]byte(monitoringFile(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || len(d.Panels) < 8 {
		t.Fatalf("the dashboard has uid %q and %d panels", d.UID, len(d.Panels))
	}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: panels\n  rules:\n")
	ids := map[int]bool{}
	for _, panel := range d.Panels {
		if ids[panel.ID] || panel.Title == "" || len(panel.Targets) == 0 {
			t.Errorf("panel %d, %q, has the ID of another, no title or no expression", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			expr, err := json.Marshal(strings.ReplaceAll(target.Expr, "$resource", "ovn"))
			if err != nil {
				t.Fatal(err)
			}
			rules.WriteString("  - record: panel\n    expr: " + string(expr) + "\n    labels: {title: \"" + panel.Title + target.Expr[:5] + "\"}\n")
		}
	}
	file := filepath.Join(t.TempDir(), "panels.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	runPromtool(t, nil, "check", "rules", "--lint=none", file)
}
