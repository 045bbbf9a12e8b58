package ocf

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// reloadRows are the outcomes of reload-agent, whose failure Pacemaker takes for one of the instance.
func reloadRows() []dispatchRow {
	broken := map[string]error{"Reload": errors.New("broken")}
	stopped := map[string]error{"Reload": control.ErrNothingRuns}
	wrong := map[string]string{ParameterPrefix + "beat_interval": "0"}
	rows := []dispatchRow{
		{name: "done", calls: []string{"Reload"}, level: logrus.InfoLevel},
		{name: "failed", failure: broken, calls: []string{"Reload"}, reason: "broken", level: logrus.WarnLevel},
		{name: "nothing runs", failure: stopped, calls: []string{"Reload"}, code: NotRunning, level: logrus.InfoLevel},
		{name: "wrong", set: wrong, reason: `cannot use parameter beat_interval="0": allowed is a whole number from 1 to 60`, level: logrus.WarnLevel},
	}
	for _, row := range slices.Clone(rows) {
		row.action = legacyReloadAction
		rows = append(rows, row)
	}
	for i := range rows[:len(rows)/2] {
		rows[i].action = reloadAgentAction
	}
	return rows
}

// reloading is an agent of a resource that has accepted parameters before.
type reloading struct {
	t      *testing.T
	values map[string]string
	log    strings.Builder
}

func newReloading(t *testing.T, accepted map[string]string) *reloading {
	t.Helper()
	r := &reloading{t: t, values: map[string]string{
		InstanceVariable: "db", ParameterPrefix + "master_ip": "192.0.2.10", ParameterPrefix + "state_rundir": t.TempDir(), featureSetVariable: "3.19.0",
	}}
	for name, value := range accepted {
		r.values[ParameterPrefix+name] = value
	}
	directory := filepath.Join(r.values[ParameterPrefix+"state_rundir"], "db")
	if err := errors.Join(os.Mkdir(directory, 0o700), os.WriteFile(filepath.Join(directory, "parameters"), []byte(r.agent().accepted()), 0o600)); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reloading) agent() Agent {
	log := logrus.New()
	log.SetOutput(&r.log)
	return Agent{Getenv: func(name string) string { return r.values[name] }, Stdout: io.Discard, Stderr: io.Discard, Log: log, Program: "/agent"}
}

// with changes parameters.
func (r *reloading) with(changed map[string]string) *reloading {
	for name, value := range changed {
		r.values[ParameterPrefix+name] = value
	}
	return r
}

func TestValueThatIsRefusedWhileTheResourceRunsLeavesTheAcceptedOneInForce(t *testing.T) {
	t.Parallel()
	accepted := map[string]string{"beat_interval": "7", "snapshots": "3", "inactive_probe_interval_to_promoted": "8000"}
	r := newReloading(t, accepted)
	before := r.agent().configuration()
	changed := map[string]string{"beat_interval": "0", "snapshots": "4", "inactive_probe_interval_to_promoted": "never", "sb_role": "a b"}
	a, p, refused, invalid := r.with(changed).agent().parameters("db")
	if invalid != nil || p.BeatInterval.Seconds() != 7 || p.Snapshots != 4 || p.ReplicationProbe.Seconds() != 8 || p.Southbound.Role != "" {
		t.Errorf("%+v (%v)", p, invalid)
	}
	for _, name := range []string{"beat_interval", "inactive_probe_interval_to_promoted", "sb_role"} {
		if refused == nil || !strings.Contains(refused.Error(), "parameter "+name) {
			t.Errorf("got %v, want an error that names %s", refused, name)
		}
	}
	if supervision := a.supervision(Environment{Action: "start"}); supervision.Unusable || supervision.Config == before {
		t.Errorf("the supervisor is not replaced for snapshots=4: %+v", supervision)
	}
	// All of them wrong: nothing changes, and the supervisor stays.
	changed["snapshots"] = "all"
	a, _, _, _ = r.with(changed).agent().parameters("db")
	if text := a.accepted(); text != acceptedHead+"\ninactive_probe_interval_to_master=8000\nbeat_interval=7\nsnapshots=3\n" {
		t.Errorf("accepted is %q", text)
	}
}

func TestNothingStaysInForceWithAWrongParameterThatNeedsARestartOrWithoutAnAcceptedOne(t *testing.T) {
	t.Parallel()
	r := newReloading(t, nil).with(map[string]string{"nb_master_port": "0", "beat_interval": "0"})
	a, _, refused, invalid := r.agent().parameters("db")
	if refused != nil || invalid == nil || !a.supervision(Environment{Action: "start"}).Unusable {
		t.Errorf("a wrong port: refused %v, invalid %v", refused, invalid)
	}
	r = newReloading(t, nil).with(map[string]string{"beat_interval": "0"})
	if _, _, refused, invalid := r.agent().parameters("other"); refused != nil || invalid == nil {
		t.Errorf("another resource: refused %v, invalid %v", refused, invalid)
	}
}

// From a node that has accepted a value, and has a wrong one now.
func TestWrongValueInPlaceOfAnAcceptedOneEndsNoPromotionAndEachMonitorReportsIt(t *testing.T) {
	t.Parallel()
	const wrong = `cannot use parameter beat_interval="0"`
	for action, want := range map[string]struct {
		code  ExitCode
		calls string
		said  bool
	}{
		"promote": {Success, "Promote [] []", false}, "monitor": {Degraded, "Monitor false", true}, "reload-agent": {Success, "", true},
		"start": {ErrConfigured, "", true}, "validate-all": {ErrConfigured, "", true}, "stop": {Success, "Stop", false},
	} {
		r := newReloading(t, map[string]string{"beat_interval": "7"}).with(map[string]string{"beat_interval": "0"})
		maps.Copy(r.values, map[string]string{MetaPrefix + "interval": "10000"})
		verbs := &recorder{row: dispatchRow{verdict: replication.Verdict{Health: replication.HealthBackup}}}
		var stderr strings.Builder
		a := r.agent()
		a.Stderr = &stderr
		code := a.run(t.Context(), action, func(Agent) opener {
			return func(_ context.Context, _ Environment, p Parameters) resource {
				if p.BeatInterval.Seconds() != 7 {
					t.Errorf("%s: the interval is %v", action, p.BeatInterval)
				}
				return resource{Verbs: verbs, complete: func(context.Context) error { return nil }}
			}
		})
		if code != want.code || strings.Join(verbs.calls, " ") != want.calls || strings.Contains(stderr.String(), wrong) != want.said {
			t.Errorf("%s: code %v, calls %q, reason %q", action, code, verbs.calls, stderr.String())
		}
	}
}

func TestMetadataSaysWhichParametersCanBeReloadedInTheWordsOfTheCaller(t *testing.T) {
	t.Parallel()
	for _, d := range reloadDescriptions(1) {
		if d.Unique != "" || (d.Reloadable == "1") != isReloadable(d.Name) {
			t.Errorf("OCF 1.1: %s has unique %q and reloadable %q", d.Name, d.Unique, d.Reloadable)
		}
	}
	for _, d := range reloadDescriptions(0) {
		if d.Reloadable != "" || (d.Unique == "1") == isReloadable(d.Name) {
			t.Errorf("OCF 1.0: %s has unique %q and reloadable %q", d.Name, d.Unique, d.Reloadable)
		}
	}
}

func TestMetadataHasTheReloadActionOfTheCaller(t *testing.T) {
	t.Parallel()
	if text := Metadata(1, ""); !strings.Contains(text, `<action name="reload-agent"`) || strings.Contains(text, `<action name="reload"`) {
		t.Error("OCF 1.1: the action is not reload-agent alone")
	}
	if text := Metadata(0, ""); strings.Contains(text, `reload-agent"`) || !strings.Contains(text, `<action name="reload"`) {
		t.Error("OCF 1.0: the action is not reload alone")
	}
}

func TestReloadableParametersAreParameters(t *testing.T) {
	t.Parallel()
	for _, name := range reloadable() {
		if !slices.ContainsFunc(parameterDescriptions(), func(d parameterDescription) bool { return d.Name == name }) {
			t.Errorf("%s is no parameter", name)
		}
	}
}
