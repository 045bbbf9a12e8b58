package metrics_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
)

// full is a snapshot with every metric.
func full() metrics.Snapshot {
	known := metrics.Known[float64]
	return metrics.Snapshot{
		Resource: "ovn", Node: "node2", Version: "1.0", At: time.UnixMilli(1_700_000_000_500), State: replication.StateFresh, Healthy: true,
		RecordTerm: known(7), RecordMembers: known(3), Score: known(50), DiskWritable: known(1), Listening: known(0), NorthdRunning: known(0),
		Databases: []metrics.Database{{
			Name: "OVN_Northbound", Role: replication.ConditionBackup, Term: known(7), Current: known(1), LastBeat: known(1_700_000_000.25),
			Source: "tcp:192.0.2.1:6641", Connected: known(1), Behind: known(0), Restarts: known(2),
			Measures: metrics.Measures{
				FileSize: known(123456789), ResidentMemory: known(1 << 30), Sessions: known(4), Snapshots: known(1), LatestSnapshot: known(1_600_000_000),
			},
		}},
	}
}

func TestSnapshotInTheTextFormat(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/full.prom")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/full.prom", full().Text(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), string(full().Text())); diff != "" {
		t.Errorf("other text; UPDATE=1 rewrites the file (-want +got):\n%s", diff)
	}
	for _, f := range metrics.Families() {
		if !strings.Contains(string(want), "\n"+f.Name+"{") {
			t.Errorf("metric %s is not in the snapshot with every metric", f.Name)
		}
	}
}

func TestTextOfOthersForgesNoSample(t *testing.T) {
	t.Parallel()
	s := metrics.Snapshot{Resource: "a\"} 1\nforged{x=\"\\", Node: "\xff", At: time.UnixMilli(0)}
	for line := range strings.Lines(string(s.Text())) {
		if !regexp.MustCompile(`^(# (HELP|TYPE) ovndb_|ovndb_[a-z_]+\{resource="a\\"} 1\\nforged\{x=\\"\\\\"[,}])`).MatchString(line) {
			t.Errorf("a line is %q", line)
		}
	}
	if !strings.Contains(string(s.Text()), `node="�"`) {
		t.Error("text that is not UTF-8 is passed on")
	}
}

func TestWhatIsNotKnownHasNoSample(t *testing.T) {
	t.Parallel()
	text := string(metrics.Snapshot{Resource: "ovn", At: time.Now(), Databases: []metrics.Database{{Name: "OVN_Northbound"}}}.Text())
	for _, name := range []string{"ovndb_term", "ovndb_server_sessions", "ovndb_replication_connected", "ovndb_promotion_score"} {
		if strings.Contains(text, name) {
			t.Errorf("metric %s is there though nothing is known of it", name)
		}
	}
}

// documentedFamilies returns the rows of the table of metrics in docs/metrics.md.
func documentedFamilies(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `ovndb_") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	return rows
}

func TestDocumentationHasEachMetricAndState(t *testing.T) {
	t.Parallel()
	var want []string
	for _, f := range metrics.Families() {
		labels := "-"
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "`, `") + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", f.Name, f.Type, labels, f.Help))
	}
	if diff := cmp.Diff(want, documentedFamilies(t)); diff != "" {
		t.Errorf("docs/metrics.md has other metrics (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z-]+(?::[a-z]+)?)` \\|").FindAllStringSubmatch(string(text), -1) {
		states = append(states, row[1])
	}
	var known []string
	for _, state := range replication.States() {
		known = append(known, string(state))
	}
	if diff := cmp.Diff(known, states); diff != "" {
		t.Errorf("docs/metrics.md has other states (-want +got):\n%s", diff)
	}
}
