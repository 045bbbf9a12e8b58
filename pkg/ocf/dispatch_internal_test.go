package ocf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os/user"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// dispatchRow is one call of the agent and its outcome.
type dispatchRow struct {
	name, action string
	// set are variables beside those that every call has.
	set map[string]string
	// incomplete is the error of completing the resource, failure that of the verb of the same name,
	// verdict that of Monitor.
	incomplete error
	failure    map[string]error
	verdict    replication.Verdict

	code   ExitCode
	reason string
	// calls are the verbs called, with their arguments.
	calls []string
	// level is that of the action's log line, PanicLevel if there is none; warning is a line before
	// it.
	level   logrus.Level
	warning string
}

// recorder is a resource that records the verbs called.
type recorder struct {
	row   dispatchRow
	calls []string
}

func (r *recorder) call(verb string, arguments ...any) error {
	r.calls = append(r.calls, strings.TrimSuffix(fmt.Sprintln(append([]any{verb}, arguments...)...), "\n"))
	return r.row.failure[verb]
}

func (r *recorder) Start(context.Context) error  { return r.call("Start") }
func (r *recorder) Stop(context.Context) error   { return r.call("Stop") }
func (r *recorder) Reload(context.Context) error { return r.call("Reload") }

func (r *recorder) Promote(_ context.Context, p replication.Participants) error {
	return r.call("Promote", p.Nodes, p.Absent)
}

func (r *recorder) Demote(_ context.Context, leaving bool) error { return r.call("Demote", leaving) }

func (r *recorder) Monitor(_ context.Context, expectPromoted bool) replication.Verdict {
	_ = r.call("Monitor", expectPromoted)
	return r.row.verdict
}

func (r *recorder) Probe(context.Context) replication.Verdict {
	_ = r.call("Probe")
	return r.row.verdict
}

func (r *recorder) StepDownIfSuperseded(context.Context) error {
	return r.call("StepDownIfSuperseded")
}

func (r *recorder) HoldElection(_ context.Context, p replication.Participants) error {
	return r.call("HoldElection", p.Nodes, p.Absent)
}

func (r *recorder) AnswerElection(_ context.Context, chosen string) error {
	return r.call("AnswerElection", chosen)
}

func (r *recorder) ReceiveLast(_ context.Context, demoted []string) error {
	return r.call("ReceiveLast", demoted)
}

func (r *recorder) RequestFollow(_ context.Context, promoted string) error {
	return r.call("RequestFollow", promoted)
}

func (r *recorder) KeepSupervised(context.Context) error { return r.call("KeepSupervised") }

// dispatched runs a row as node1 of a cluster that knows the degraded codes.
func dispatched(t *testing.T, row dispatchRow) dispatchRow {
	t.Helper()
	env := map[string]string{
		ParameterPrefix + "master_ip": "192.0.2.10", MetaPrefix + "on_node": "node1", featureSetVariable: "3.19.0",
	}
	maps.Copy(env, row.set)
	log, lines := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	var stderr strings.Builder
	r := &recorder{row: row}
	a := Agent{Getenv: func(name string) string { return env[name] }, Stdout: io.Discard, Stderr: &stderr, Log: log}
	got := row
	got.code = a.run(t.Context(), row.action, func(Agent) opener {
		return func(_ context.Context, e Environment, _ Parameters) resource {
			return resource{Verbs: r, node: e.Node, complete: func(context.Context) error { return row.incomplete }}
		}
	})
	got.reason, _, _ = strings.Cut(strings.TrimPrefix(stderr.String(), reasonPrefix), "\n")
	got.calls, got.level, got.warning = r.calls, logrus.PanicLevel, ""
	for _, line := range lines.AllEntries() {
		if line.Message == row.action {
			got.level = line.Level
		} else {
			got.warning += line.Message
		}
	}
	return got
}

func TestEveryActionInEveryStateEndsWithItsCodeReasonAndVerbs(t *testing.T) {
	t.Parallel()
	for _, row := range slices.Concat(outcomeRows(), configurationRows(), argumentRows(), healthRows(), notificationRows(), reloadRows()) {
		t.Run(row.action+"/"+row.name, func(t *testing.T) {
			t.Parallel()
			shown := func(r dispatchRow) string {
				return fmt.Sprintf("code %v\nreason %q\ncalls %q\nlevel %v\nwarning %q\n", r.code, r.reason, r.calls, r.level, r.warning)
			}
			if diff := cmp.Diff(shown(row), shown(dispatched(t, row))); diff != "" {
				t.Errorf("wrong outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// outcomeRows are the actions that change something, and the errors of their verbs.
func outcomeRows() []dispatchRow {
	outcomes := []struct {
		name string
		err  error
		code ExitCode
	}{
		{"done", nil, Success},
		{"failed", errors.New("broken"), ErrGeneric},
		{"timeout", context.DeadlineExceeded, ErrGeneric},
		{"program missing", fmt.Errorf("step: %w", process.ErrProgramMissing), ErrInstalled},
		{"schema missing", fmt.Errorf("step: %w", process.ErrSchemaMissing), ErrInstalled},
		{"no user", fmt.Errorf("step: %w", user.UnknownUserError("a")), ErrInstalled},
		{"no group", fmt.Errorf("step: %w", user.UnknownGroupError("a")), ErrInstalled},
		{"no permission", fmt.Errorf("step: %w", fs.ErrPermission), ErrPerm},
		{"parameter", fmt.Errorf("step: %w", &ParameterError{Name: "a", Value: "b", Allowed: "c"}), ErrConfigured},
		{"two servers failed, one for lack of a program", errors.Join(errors.New("broken"), process.ErrProgramMissing), ErrInstalled},
	}
	verbs := map[string]dispatchRow{
		"start":   {calls: []string{"Start"}},
		"stop":    {calls: []string{"Stop"}},
		"promote": {calls: []string{"Promote [] []"}},
		"demote":  {calls: []string{"Demote false"}},
	}
	var rows []dispatchRow
	for action, row := range verbs {
		verb, _, _ := strings.Cut(row.calls[0], " ")
		for _, outcome := range outcomes {
			row.action, row.name, row.code, row.level = action, outcome.name, outcome.code, logrus.InfoLevel
			row.failure, row.reason = map[string]error{verb: outcome.err}, ""
			if outcome.err != nil {
				row.reason, row.level = strings.ReplaceAll(outcome.err.Error(), "\n", "; "), logrus.ErrorLevel
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// configurationRows are the actions with a configuration that is wrong on all nodes or on this one,
// or with an environment that cannot be used.
func configurationRows() []dispatchRow {
	const (
		wrong    = `cannot use parameter snapshots="all": allowed is a whole number from 1 to 1000`
		nowhere  = "no route"
		going    = "cannot complete the configuration on this node: going on with the part that is known"
		variable = `cannot use OCF_CHECK_LEVEL="deep": allowed is a small whole number`
	)
	invalid := map[string]string{ParameterPrefix + "snapshots": "all"}
	event := map[string]string{notifyPrefix + "type": "post", notifyPrefix + "operation": "demote"}
	both := maps.Clone(event)
	maps.Copy(both, invalid)
	unusable := map[string]string{checkLevelVariable: "deep"}
	incomplete := errors.New(nowhere)
	backup := replication.Verdict{Health: replication.HealthBackup}
	rows := []dispatchRow{
		{action: "start", set: invalid, code: ErrConfigured, reason: wrong, level: logrus.ErrorLevel},
		{action: "promote", set: invalid, code: ErrConfigured, reason: wrong, level: logrus.ErrorLevel},
		{action: "validate-all", set: invalid, code: ErrConfigured, reason: wrong, level: logrus.ErrorLevel},
		{action: "notify", set: both, reason: wrong, level: logrus.WarnLevel},
		{action: "demote", set: invalid, calls: []string{"Demote false"}, level: logrus.InfoLevel},
		{action: "monitor", set: invalid, verdict: backup, calls: []string{"Probe"}, level: logrus.InfoLevel},
		{action: "stop", set: invalid, calls: []string{"Stop"}, level: logrus.InfoLevel, warning: "stopping in spite of an invalid configuration"},

		{action: "start", incomplete: incomplete, code: ErrGeneric, reason: nowhere, level: logrus.ErrorLevel},
		{action: "promote", incomplete: incomplete, code: ErrGeneric, reason: nowhere, level: logrus.ErrorLevel},
		{action: "demote", incomplete: incomplete, calls: []string{"Demote false"}, level: logrus.InfoLevel, warning: going},
		{action: "notify", set: event, incomplete: incomplete, calls: []string{"StepDownIfSuperseded", "ReceiveLast []", "KeepSupervised"}, level: logrus.InfoLevel, warning: going},
		{action: "monitor", incomplete: incomplete, verdict: backup, calls: []string{"Probe"}, level: logrus.InfoLevel},
		{action: "stop", incomplete: incomplete, calls: []string{"Stop"}, level: logrus.InfoLevel},

		{action: "stop", set: unusable, calls: []string{"Stop"}, level: logrus.InfoLevel},
		{action: "migrate_to", code: ErrUnimplemented, reason: `no such action: "migrate_to"`, level: logrus.PanicLevel},
		{action: "", code: ErrUnimplemented, reason: `no such action: ""`, level: logrus.PanicLevel},
		{action: "meta-data", level: logrus.PanicLevel},
		{action: "usage", level: logrus.PanicLevel},
		{action: "validate-all", level: logrus.InfoLevel},
	}
	for _, action := range []string{"start", "promote", "demote", "monitor", "status", "notify", "validate-all"} {
		rows = append(rows, dispatchRow{action: action, set: unusable, code: ErrArgs, reason: variable, level: logrus.PanicLevel})
	}
	for i := range rows {
		rows[i].name = fmt.Sprintf("set %v, incomplete %v", rows[i].set, rows[i].incomplete)
	}
	return rows
}

// argumentRows are the arguments that promote and demote derive from the notify sets.
func argumentRows() []dispatchRow {
	sets := func(namesAndNodes ...string) map[string]string {
		set := map[string]string{}
		for i := 0; i < len(namesAndNodes); i += 2 {
			set[notifyPrefix+namesAndNodes[i]+"_uname"] = namesAndNodes[i+1]
		}
		return set
	}
	return []dispatchRow{
		{
			name: "all run", action: "promote", level: logrus.InfoLevel,
			set:   sets("active", "node1 node2 node3", "available", "node1 node2 node3"),
			calls: []string{"Promote [node1 node2 node3] []"},
		},
		{
			name: "one stops, one starts, one does not run", action: "promote", level: logrus.InfoLevel,
			set:   sets("active", "node1 node2", "stop", "node2", "start", "node3", "available", "node1 node2 node3 node4"),
			calls: []string{"Promote [node1 node3] [node2 node4]"},
		},
		{
			name: "this node is stopped after it", action: "demote", level: logrus.InfoLevel,
			set: sets("demote", "node1", "stop", "node2 node1"), calls: []string{"Demote true"},
		},
		{
			name: "another node is stopped", action: "demote", level: logrus.InfoLevel,
			set: sets("demote", "node1", "stop", "node2"), calls: []string{"Demote false"},
		},
	}
}

// healthRows are the verdicts of a monitor, and the words in which a caller understands them.
func healthRows() []dispatchRow {
	old := map[string]string{featureSetVariable: "3.3.0"}
	recurring := func(role string) map[string]string {
		return map[string]string{MetaPrefix + "role": role, MetaPrefix + "interval": "10000"}
	}
	rows := []dispatchRow{
		{name: "stopped", verdict: replication.Verdict{Health: replication.HealthStopped}, code: NotRunning, level: logrus.InfoLevel},
		{name: "backup", verdict: replication.Verdict{Health: replication.HealthBackup}, code: Success, level: logrus.InfoLevel},
		{name: "active", verdict: replication.Verdict{Health: replication.HealthActive}, code: RunningPromoted, level: logrus.InfoLevel},
		{name: "backup, degraded", verdict: replication.Verdict{Health: replication.HealthBackupDegraded, Reasons: []string{"a", "b"}}, code: Degraded, reason: "a; b", level: logrus.WarnLevel},
		{name: "active, degraded", verdict: replication.Verdict{Health: replication.HealthActiveDegraded, Reasons: []string{"a"}}, code: DegradedPromoted, reason: "a", level: logrus.WarnLevel},
		{name: "failed", verdict: replication.Verdict{Health: replication.HealthFailed, Reasons: []string{"a"}}, code: ErrGeneric, reason: "a", level: logrus.ErrorLevel},
		{name: "failed while active", verdict: replication.Verdict{Health: replication.HealthFailedActive, Reasons: []string{"a"}}, code: FailedPromoted, reason: "a", level: logrus.ErrorLevel},
		{name: "unknown", verdict: replication.Verdict{Reasons: []string{"a"}}, code: ErrGeneric, reason: "a", level: logrus.ErrorLevel},
		{name: "failed without a reason", verdict: replication.Verdict{Health: replication.HealthFailed}, code: ErrGeneric, reason: `the health of the servers is "failed"`, level: logrus.ErrorLevel},
		{name: "degraded with an empty reason", verdict: replication.Verdict{Health: replication.HealthBackupDegraded, Reasons: []string{""}}, code: Degraded, reason: `the health of the servers is "backup, degraded"`, level: logrus.WarnLevel},
		{name: "backup with something to report", verdict: replication.Verdict{Health: replication.HealthBackup, Reasons: []string{"a"}}, code: Success, reason: "a", level: logrus.WarnLevel},
		{name: "backup that the cluster is about to demote", verdict: replication.Verdict{Health: replication.HealthBackupDegraded, Reasons: []string{"a"}, AwaitsDemotion: true}, code: RunningPromoted, reason: "a", level: logrus.WarnLevel},
		{name: "active while an upgrade waits", verdict: replication.Verdict{Health: replication.HealthActive, Waiting: "w"}, code: RunningPromoted, reason: "w", level: logrus.InfoLevel},
		{name: "active, degraded, while an upgrade waits", verdict: replication.Verdict{Health: replication.HealthActiveDegraded, Reasons: []string{"a"}, Waiting: "w"}, code: DegradedPromoted, reason: "a", level: logrus.WarnLevel},
		{name: "backup, degraded, before Pacemaker 2.0.5", set: old, verdict: replication.Verdict{Health: replication.HealthBackupDegraded, Reasons: []string{"a"}}, code: Success, reason: "a", level: logrus.WarnLevel},
		{name: "active, degraded, before Pacemaker 2.0.5", set: old, verdict: replication.Verdict{Health: replication.HealthActiveDegraded, Reasons: []string{"a"}}, code: RunningPromoted, reason: "a", level: logrus.WarnLevel},
	}
	for i := range rows {
		rows[i].calls = []string{"Probe"} // by hand, as Pacemaker looks for a resource
	}
	for role, expected := range map[string]string{"Promoted": "true", "Master": "true", "Unpromoted": "false", "Slave": "false"} {
		rows = append(rows, dispatchRow{
			name: "as " + role, set: recurring(role), verdict: replication.Verdict{Health: replication.HealthBackup},
			code: Success, level: logrus.DebugLevel, calls: []string{"Monitor " + expected},
		})
	}
	for i := range rows {
		rows[i].action = "monitor"
	}
	status := rows[0]
	status.action = "status"
	return append(rows, status)
}

// notificationRows are the events, and this node's place in the lists of nodes.
func notificationRows() []dispatchRow {
	const stepDown, supervised = "StepDownIfSuperseded", "KeepSupervised"
	rows := []struct {
		event, promote, demote string
		calls                  []string
	}{
		{"pre-start", "node2", "node3", nil},
		{"post-start", "node2", "node3", []string{supervised}},
		{"pre-stop", "node2", "node3", nil},
		{"post-stop", "node2", "node3", []string{supervised}},

		{"pre-promote", "node1", "node2", []string{"HoldElection [node1 node2 node3] [node4]"}},
		{"pre-promote", "node2", "node1", []string{stepDown, "AnswerElection node2"}},
		{"pre-promote", "node2", " ", []string{stepDown, "AnswerElection node2"}},
		{"pre-promote", " ", "node1", []string{stepDown}},

		{"post-promote", "node1", "node2", []string{supervised}},
		{"post-promote", "node2", "node1", []string{stepDown, "RequestFollow node2", supervised}},
		{"post-promote", "node2", " ", []string{stepDown, "RequestFollow node2", supervised}},
		{"post-promote", " ", " ", []string{stepDown, supervised}},

		{"pre-demote", "node1", "node2", nil},
		{"pre-demote", "node2", "node1", []string{stepDown}},
		{"pre-demote", " ", "node2", []string{stepDown}},

		{"post-demote", "node1", "node2", []string{"ReceiveLast [node2]", supervised}},
		{"post-demote", "node2", "node1", []string{stepDown, supervised}},
		{"post-demote", " ", "node2 node3", []string{stepDown, "ReceiveLast [node2 node3]", supervised}},
	}
	var all []dispatchRow
	for _, row := range rows {
		phase, operation, _ := strings.Cut(row.event, "-")
		notified := dispatchRow{
			name: fmt.Sprintf("%s, promote %q, demote %q", row.event, row.promote, row.demote), action: "notify",
			set: map[string]string{
				notifyPrefix + "type": phase, notifyPrefix + "operation": operation,
				notifyPrefix + "promote_uname": row.promote, notifyPrefix + "demote_uname": row.demote,
				notifyPrefix + "active_uname": "node1 node2 node3", notifyPrefix + "available_uname": "node1 node2 node3 node4",
			},
			calls: row.calls, level: logrus.InfoLevel,
		}
		all = append(all, notified)
		for i, call := range row.calls { // a verb that fails is the last but for supervision, and fails no instance
			verb, _, _ := strings.Cut(call, " ")
			failed := notified
			failed.name += ", " + verb + " fails"
			failed.failure = map[string]error{verb: errors.New("broken")}
			failed.calls, failed.reason, failed.level = slices.Clone(row.calls[:i+1]), "broken", logrus.WarnLevel
			if phase == "post" && verb != supervised {
				failed.calls = append(failed.calls, supervised)
			}
			all = append(all, failed)
		}
	}
	return all
}
