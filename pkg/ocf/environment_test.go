package ocf_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ovndb-servers/pkg/ocf"
)

func TestEnvironmentOfPacemakerIsUnderstood(t *testing.T) {
	t.Parallel()
	promoted := ocf.Environment{
		Instance: "ovndb", Node: "node1", Timeout: 20 * time.Second, Interval: 10 * time.Second,
		Role: "Promoted", DegradedCodes: true,
	}
	unpromoted := promoted
	unpromoted.Node = "node2"
	unpromoted.Interval, unpromoted.Role = 30*time.Second, "Unpromoted"
	probe := unpromoted
	probe.Interval, probe.Role = 0, ""
	start := probe
	start.Timeout = time.Minute
	old := ocf.Environment{ // whose nodes have their names for numbers, as those of Pacemaker Remote
		Instance: "drbd-r1", Node: "hex-2", Remote: true, Timeout: 120 * time.Second, DegradedCodes: true,
	}
	bundle := ocf.Environment{
		Instance: "ovndb", Node: "ovn-dbs-bundle-1", Remote: true, AttributeHost: "controller-1", Timeout: time.Minute, DegradedCodes: true,
	}
	rows := []struct {
		action, fixture string
		want            ocf.Environment
		probe           bool
	}{
		{"monitor", "pacemaker-2.1.5-monitor-promoted", promoted, false},
		{"monitor", "pacemaker-2.1.5-monitor-unpromoted", unpromoted, false},
		{"monitor", "pacemaker-2.1.5-probe", probe, true},
		{"start", "pacemaker-2.1.5-bring-up-start", start, false},
		{"notify", "pacemaker-2.0.5-bring-up-pre-promote", old, false},
		{"notify", "pacemaker-3.0.0-bundle-pre-promote", bundle, false},
	}
	for _, row := range rows {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			got := parseFixture(t, row.action, row.fixture)
			row.want.Action = row.action
			if diff := cmp.Diff(row.want, got, cmpopts.IgnoreFields(ocf.Environment{}, "Notify")); diff != "" {
				t.Errorf("wrong environment (-want +got):\n%s", diff)
			}
			if got.Probe() != row.probe {
				t.Errorf("Probe() is %v, want %v", got.Probe(), row.probe)
			}
		})
	}
}

func TestEmptyEnvironmentGivesDefaults(t *testing.T) {
	t.Parallel()
	got, err := ocf.ParseEnvironment("validate-all", environment{}.getenv)
	if err != nil {
		t.Fatalf("cannot parse an empty environment: %v", err)
	}
	want := ocf.Environment{Action: "validate-all", Instance: "ovndb-servers", Timeout: 20 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong environment (-want +got):\n%s", diff)
	}
}

func TestInstanceLosesTheNumberOfItsClone(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"ovndb":      "ovndb",
		"ovndb:0":    "ovndb",
		"ovndb:12":   "ovndb",
		"ovn.db-1_a": "ovn.db-1_a",
		"datenbänke": "datenbänke",
	}
	for value, want := range rows {
		got, err := ocf.ParseEnvironment("monitor", environment{"OCF_RESOURCE_INSTANCE": value}.getenv)
		if err != nil || got.Instance != want {
			t.Errorf("instance %q is read as %q (%v), want %q", value, got.Instance, err, want)
		}
	}
}

func TestUnusableVariableIsNamedAndReplacedByItsDefault(t *testing.T) {
	t.Parallel()
	want := ocf.Environment{Action: "stop", Instance: "ovndb-servers", Timeout: 20 * time.Second}
	rows := []struct{ name, value string }{
		{"OCF_RESKEY_CRM_meta_timeout", "20s"},
		{"OCF_RESKEY_CRM_meta_timeout", "-1"},
		{"OCF_RESKEY_CRM_meta_timeout", "4294967296"},
		{"OCF_RESKEY_CRM_meta_interval", "ten"},
		{"OCF_CHECK_LEVEL", "deep"},
		{"OCF_CHECK_LEVEL", "-10"},
		{"OCF_RESOURCE_INSTANCE", "../../etc/passwd"},
		{"OCF_RESOURCE_INSTANCE", ":0"},
		{"OCF_RESOURCE_INSTANCE", "two words"},
		{"OCF_RESOURCE_INSTANCE", "..:1"},
		{"OCF_RESOURCE_INSTANCE", "a\x00b"},
	}
	for _, row := range rows {
		t.Run(row.name+"="+row.value, func(t *testing.T) {
			t.Parallel()
			got, err := ocf.ParseEnvironment("stop", environment{row.name: row.value}.getenv)
			var problem *ocf.VariableError
			if !errors.As(err, &problem) || problem.Name != row.name || problem.Value != row.value || problem.Allowed == "" {
				t.Errorf("got error %v, want one that names %s and %q", err, row.name, row.value)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wrong environment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllUnusableVariablesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ocf.ParseEnvironment("stop", environment{"OCF_CHECK_LEVEL": "x", "OCF_RESKEY_CRM_meta_timeout": "y"}.getenv)
	want := `cannot use OCF_RESKEY_CRM_meta_timeout="y": allowed is a whole number of milliseconds` + "\n" +
		`cannot use OCF_CHECK_LEVEL="x": allowed is a small whole number`
	if err == nil || err.Error() != want {
		t.Errorf("got error:\n%v\nwant:\n%s", err, want)
	}
}

func TestDeadlineLeavesAMarginBeforeTheTimeout(t *testing.T) {
	t.Parallel()
	rows := []struct{ timeout, want time.Duration }{
		{0, 18 * time.Second},
		{time.Millisecond, 500 * time.Microsecond},
		{600 * time.Millisecond, 300 * time.Millisecond},
		{time.Second, 500 * time.Millisecond},
		{3 * time.Second, 2500 * time.Millisecond},
		{20 * time.Second, 18 * time.Second},
		{time.Minute, 57 * time.Second},
		{10 * time.Minute, 597 * time.Second},
		{1, 1},
	}
	for _, row := range rows {
		if got := (ocf.Environment{Timeout: row.timeout}).Deadline(); got != row.want {
			t.Errorf("timeout %s: deadline is %s, want %s", row.timeout, got, row.want)
		}
	}
}

func TestDegradedCodesAreKnownSincePacemaker205(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{
		"":        false, // a person, or ocf-tester
		"3.1.0":   false, // 2.0.0
		"3.3.0":   false, // 2.0.4
		"3.6.0":   false,
		"3.6":     false,
		"3.6.1":   true, // 2.0.5
		"3.10.0":  true, // 2.1.0
		"3.20.5":  true, // 3.0.2
		"4":       true,
		"3.6.1.1": true,
		"three":   false,
		"3..1":    false,
		"3.-7.1":  false,
	}
	for featureSet, want := range rows {
		got, err := ocf.ParseEnvironment("monitor", environment{"OCF_RESKEY_crm_feature_set": featureSet}.getenv)
		if err != nil || got.DegradedCodes != want {
			t.Errorf("feature set %q: DegradedCodes is %v (%v), want %v", featureSet, got.DegradedCodes, err, want)
		}
	}
}
