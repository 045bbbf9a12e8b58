//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The agent's exit codes.
const (
	exitSuccess         = 0
	exitGeneric         = 1
	exitUnimplemented   = 3
	exitInstalled       = 5
	exitNotRunning      = 7
	exitPromoted        = 8
	exitFailedPromoted  = 9
	exitDegraded        = 190
	exitPromotedAtLimit = 191
	exitKilledByTimeout = 137
)

// hand runs the agent's actions by hand.
type hand struct {
	*cluster.Cluster

	t   *testing.T
	ctx context.Context //nolint:containedctx // It ends with the test, as the hand does.
	// alone says that the resource is stopped, so that Pacemaker does not interfere, and that no
	// supervisor may run between the actions: a fault stays until the next one.
	alone bool
}

// byHand returns the shared cluster with the resource stopped and nothing running
// on any node. Servers that the test starts are stopped when it ends.
func byHand(t *testing.T) hand {
	t.Helper()
	needServers(t)
	ctx := testContext(t)
	if err := suite.start(ctx); err != nil {
		t.Fatal(err)
	}
	collectIfFailed(t, suite.shared)
	view, err := suite.shared.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if cluster.AllStopped()(view) != nil || len(view.Online()) != len(suite.shared.Nodes()) || len(view.Failures) > 0 {
		if err := suite.shared.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		if err := suite.shared.StopResource(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h := hand{Cluster: suite.shared, t: t, ctx: ctx, alone: true}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		h.ctx = ctx
		err := h.ForEachNode(func(node cluster.Node) error {
			result, err := h.RunAgent(ctx, node.Name, "stop", nil)
			if err == nil && result.Code != exitSuccess {
				err = fmt.Errorf("stop on %s: %s", node.Name, result)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	return h
}

// aloneScript runs a program while the supervisor of the state directory $0 is stopped by a
// signal, and so is one that the program has started. It is stopped where it holds no
// lock. Its state is made too old to be believed, and not so old that it would be replaced:
// control.maxStateAge and control.stuckSupervisorAge are the bounds.
const aloneScript = `
	stop_supervisor() {
		while pid=$(cat "$0/supervisor.pid" 2>/dev/null) && grep -qs supervise "/proc/$pid/cmdline"; do
			kill -STOP "$pid"
			if flock --nonblock "$0/lock" true; then
				touch -d '10 seconds ago' "$0/supervisor.json"
				return
			fi
			kill -CONT "$pid"
			sleep 0.05
		done
	}
	stop_supervisor
	"$@"
	code=$?
	stop_supervisor
	exit $code
`

// agent runs an action and returns its result.
func (h hand) agent(node, action string, env map[string]string, wrapper ...string) cluster.Result {
	h.t.Helper()
	result, err := h.run(h.ctx, node, action, env, wrapper...)
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

// run is [cluster.Cluster.RunAgentUnder], without a supervisor if the hand is alone.
func (h hand) run(ctx context.Context, node, action string, env map[string]string, wrapper ...string) (cluster.Result, error) {
	if h.alone {
		wrapper = append([]string{"sh", "-c", aloneScript, cluster.RunDir}, wrapper...)
	}
	return h.RunAgentUnder(ctx, node, action, env, wrapper...)
}

// want runs an action that has to end with a code.
func (h hand) want(node, action string, code int, env ...map[string]string) cluster.Result {
	h.t.Helper()
	merged := map[string]string{}
	for _, additions := range env {
		maps.Copy(merged, additions)
	}
	result := h.agent(node, action, merged)
	if result.Code != code {
		h.t.Fatalf("%s on %s: %s, want exit code %d", action, node, result, code)
	}
	return result
}

// wantReason checks that the last exit reason names all those parts.
func (h hand) wantReason(result cluster.Result, parts ...string) {
	h.t.Helper()
	reason := exitReason(result)
	for _, part := range parts {
		if !strings.Contains(reason, part) {
			h.t.Errorf("the exit reason %q does not name %q", reason, part)
		}
	}
}

// exitReason returns the exit reason that Pacemaker records: the last one.
func exitReason(result cluster.Result) string {
	var reason string
	for line := range strings.Lines(result.Stderr) {
		if _, text, found := strings.Cut(line, "ocf-exit-reason:"); found {
			reason = strings.TrimSpace(text)
		}
	}
	return reason
}

// asPromoted is the environment of the monitor for promoted instances.
func asPromoted() map[string]string {
	return map[string]string{"OCF_RESKEY_CRM_meta_role": "Promoted", "OCF_RESKEY_CRM_meta_interval": "5000"}
}

// within is the environment of an action with that timeout.
func within(timeout time.Duration) map[string]string {
	return map[string]string{"OCF_RESKEY_CRM_meta_timeout": fmt.Sprint(timeout.Milliseconds())}
}

// pair makes the first node the active one and the second its backup.
func (h hand) pair() (active, backup string) {
	h.t.Helper()
	active, backup = h.NodeNames()[0], h.NodeNames()[1]
	h.want(active, "start", exitSuccess)
	h.want(active, "promote", exitSuccess)
	h.want(backup, "start", exitSuccess)
	h.awaitMonitor(backup, exitSuccess)
	return active, backup
}

// awaitMonitor awaits that monitor ends with a code.
func (h hand) awaitMonitor(node string, code int) {
	h.t.Helper()
	h.await(fmt.Sprintf("monitor on %s to answer %d", node, code), func(ctx context.Context) error {
		result, err := h.run(ctx, node, "monitor", nil)
		if err == nil && result.Code != code {
			err = fmt.Errorf("monitor: %s", result)
		}
		return err
	})
}

// await awaits a condition that Pacemaker's view does not show.
func (h hand) await(what string, check func(context.Context) error) {
	h.t.Helper()
	if err := h.AwaitThat(h.ctx, what, check); err != nil {
		h.t.Fatal(err)
	}
}

// exec runs a program that has to succeed and returns its output.
func (h hand) exec(node string, args ...string) string {
	h.t.Helper()
	text, err := h.MustExec(h.ctx, node, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

// control sends a command to a server.
func (h hand) control(node string, db ovsdb.Database, command ...string) string {
	h.t.Helper()
	return h.exec(node, append([]string{"ovs-appctl", "--timeout=10", "--target=" + db.Control}, command...)...)
}

// activate makes a server active without the agent.
func (h hand) activate(node string, dbs ...ovsdb.Database) {
	h.t.Helper()
	for _, db := range dbs {
		h.control(node, db, "ovsdb-server/disconnect-active-ovsdb-server")
	}
}

// park makes a server a backup of the parking address without the agent.
func (h hand) park(node string, dbs ...ovsdb.Database) {
	h.t.Helper()
	for _, db := range dbs {
		h.control(node, db, "ovsdb-server/set-active-ovsdb-server", "tcp:192.0.2.254:"+db.Port)
		h.control(node, db, "ovsdb-server/connect-active-ovsdb-server")
		h.control(node, db, "ovsdb-server/set-active-ovsdb-server-probe-interval", "60000")
	}
}

// kill kills servers, and waits until each has ended.
func (h hand) kill(node string, dbs ...ovsdb.Database) {
	h.t.Helper()
	for _, db := range dbs {
		h.signal(node, db, syscall.SIGKILL)
		h.await(db.Name+" to be gone", func(ctx context.Context) error {
			return h.runsNone(ctx, node, db.File)
		})
	}
}

// signal sends a signal to a server.
func (h hand) signal(node string, db ovsdb.Database, signal syscall.Signal) {
	h.t.Helper()
	if _, err := h.Kill(h.ctx, node, db.PIDFile, signal); err != nil {
		h.t.Fatal(err)
	}
}

// runsNone returns an error if a process runs on a node whose command has any of those
// parts.
func (h hand) runsNone(ctx context.Context, node string, parts ...string) error {
	processes, err := h.Processes(ctx, node)
	if err != nil {
		return err
	}
	for _, process := range processes {
		alike := func(part string) bool { return strings.Contains(process.Command, part) }
		if !strings.HasPrefix(process.State, "Z") && slices.ContainsFunc(parts, alike) {
			return fmt.Errorf("%s still runs %d: %s", node, process.PID, process.Command)
		}
	}
	return nil
}

// readOnly returns an error unless a server refuses writes.
func (h hand) readOnly(node string, db ovsdb.Database) error {
	err := h.InsertOn(h.ctx, node, db, "must-not-be")
	var refused *ovsdb.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil
	case err == nil:
		return fmt.Errorf("%s on %s has taken a write", db.Name, node)
	default:
		return err
	}
}

// wantNothingLeft awaits that a stopped instance has left nothing on its node: the
// attribute manager answers a deletion before it has carried it out.
func (h hand) wantNothingLeft(node string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.ctx, 10*time.Second)
	defer cancel()
	err := h.AwaitThat(ctx, "nothing to be left of the instance", func(context.Context) error { return h.nothingLeft(node) })
	if err != nil {
		h.t.Error(err)
	}
}

// nothingLeft returns an error if a stopped instance has left something on its node.
func (h hand) nothingLeft(node string) error {
	if err := h.runsNone(h.ctx, node, "ovsdb-server", "ovndb-servers"); err != nil {
		return err
	}
	result, err := h.Exec(h.ctx, node, "find", "/run/ovn", cluster.RunDir, cluster.StateDir,
		"-name", "*.pid", "-o", "-name", "term", "-o", "-type", "s")
	if err != nil {
		return err
	}
	if result.Stdout != "" {
		return fmt.Errorf("files are left on %s: %s", node, result.Stdout)
	}
	for _, attribute := range []string{"master-", "ovndb-active-", "ovndb-position-", "ovndb-freshness-"} {
		attribute += cluster.Resource
		if err := h.lacks(h.ctx, node, attribute); err != nil {
			return err
		}
	}
	return nil
}

// lacks returns an error unless a node's attribute manager has no value of an attribute of its own.
func (h hand) lacks(ctx context.Context, node, attribute string) error {
	result, err := h.Exec(ctx, node, "attrd_updater", "--name", attribute, "--query", "--node", node)
	if err == nil && result.Code == 0 && strings.Contains(result.Stdout, "value=") && !strings.Contains(result.Stdout, `value=""`) {
		err = fmt.Errorf("an attribute is left on %s: %s", node, result.Stdout)
	}
	return err
}

// databases returns both databases.
func databases() []ovsdb.Database {
	return []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()}
}
