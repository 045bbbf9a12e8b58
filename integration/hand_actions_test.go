//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// step is an action and the code that it has to end with.
type step struct {
	action string
	code   int
}

// everyActionTwice is the life of an instance, with every action twice.
func everyActionTwice() []step {
	return []step{
		{"stop", exitSuccess},
		{"monitor", exitNotRunning},
		{"start", exitSuccess},
		{"start", exitSuccess},
		{"monitor", exitSuccess},
		{"promote", exitSuccess},
		{"promote", exitSuccess},
		{"monitor", exitPromoted},
		{"status", exitPromoted},
		{"notify", exitSuccess},
		{"notify", exitSuccess},
		{"demote", exitSuccess},
		{"demote", exitSuccess},
		{"monitor", exitSuccess},
		{"stop", exitSuccess},
		{"stop", exitSuccess},
		{"monitor", exitNotRunning},
		{"status", exitNotRunning},
	}
}

// Every action can be repeated, and ends with the code of the state it has reached.
func TestEveryActionTwice(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	h := byHand(t)
	node := h.NodeNames()[0]
	for _, step := range everyActionTwice() {
		h.want(node, step.action, step.code)
	}
	for _, action := range []string{"meta-data", "validate-all"} {
		h.want(node, action, exitSuccess)
		h.want(node, action, exitSuccess)
	}
	h.want(node, "migrate_to", exitUnimplemented)
}

// Stop ends an active instance, and leaves neither processes nor files nor
// attributes.
func TestStopOfAnActiveLeavesNothing(t *testing.T) {
	h := byHand(t)
	active, backup := h.pair()
	for _, node := range []string{active, backup} {
		h.want(node, "stop", exitSuccess)
		h.want(node, "monitor", exitNotRunning)
		h.wantNothingLeft(node)
	}
}

// Start leaves a server alone that runs already, and starts the other.
func TestStartWithOneServerRunning(t *testing.T) {
	for i, running := range databases() {
		missing := databases()[1-i]
		t.Run(running.Name, func(t *testing.T) {
			h := byHand(t)
			node := h.NodeNames()[0]
			h.want(node, "start", exitSuccess)
			pid := h.exec(node, "cat", running.PIDFile)
			h.kill(node, missing)
			h.want(node, "monitor", exitGeneric)
			h.want(node, "start", exitSuccess)
			if now := h.exec(node, "cat", running.PIDFile); now != pid {
				t.Errorf("the server that ran is process %s, was %s", now, pid)
			}
			h.want(node, "monitor", exitSuccess)
		})
	}
}

// Start without a schema is a fault of the installation, and names the package to install.
func TestStartWithoutSchema(t *testing.T) {
	h := byHand(t)
	node := h.NodeNames()[0]
	const schema = "/usr/share/ovn/ovn-sb.ovsschema"
	h.exec(node, "mv", schema, schema+".aside")
	t.Cleanup(func() {
		if _, err := h.MustExec(context.Background(), node, "mv", schema+".aside", schema); err != nil {
			t.Error(err)
		}
	})
	result := h.want(node, "start", exitInstalled)
	h.wantReason(result, schema, "ovn-central")
	h.want(node, "stop", exitSuccess)
	h.wantNothingLeft(node)
}

// Start keeps the schema of a database, whatever package is installed, as its active may be of the
// older one. A promoted node converts once all nodes, here itself alone, have the newer one: rows stay,
// and a snapshot keeps the database as it was before.
func TestStartKeepsTheSchemaThatAPromotedNodeConverts(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	h := byHand(t)
	node, nb := h.NodeNames()[0], ovsdb.Northbound()
	const schemas = "/var/tmp/older-schemas"
	// A resource of its own: the cluster's records of the shared one are not true of these
	// files.
	databaseDir := map[string]string{"OCF_RESKEY_ovn_dbdir": "/var/tmp/upgraded", "OCF_RESOURCE_INSTANCE": "upgraded"}
	older := map[string]string{"OCF_RESKEY_ovn_schemadir": schemas}
	h.exec(node, "rm", "-rf", schemas, databaseDir["OCF_RESKEY_ovn_dbdir"])
	h.exec(node, "cp", "-r", "/usr/share/ovn", schemas)
	version := h.makeOlder(node, filepath.Join(schemas, "ovn-nb.ovsschema"))

	h.want(node, "start", exitSuccess, databaseDir, older)
	h.want(node, "promote", exitSuccess, databaseDir, older)
	if err := h.InsertOn(h.ctx, node, nb, "from-before"); err != nil {
		t.Fatal(err)
	}
	h.want(node, "stop", exitSuccess, databaseDir, older)

	h.want(node, "start", exitSuccess, databaseDir)
	served := func(ctx context.Context) (string, error) {
		return h.MustExec(ctx, node, "ovsdb-client", "get-schema-version", "unix:"+nb.Socket)
	}
	if got, err := served(h.ctx); got != olderVersion || err != nil {
		t.Errorf("the schema is %s after the start (%v), want %s", got, err, olderVersion)
	}
	h.want(node, "promote", exitSuccess, databaseDir)
	h.await("the database to be converted", func(ctx context.Context) error {
		got, err := served(ctx)
		if err == nil && got != version {
			err = fmt.Errorf("the schema is %s, want %s", got, version)
		}
		return err
	})
	names, err := h.NamesOn(h.ctx, node, nb)
	if err != nil || !slices.Contains(names, "from-before") {
		t.Errorf("the row from before is not among %v: %v", names, err)
	}
	state := filepath.Join(filepath.Dir(cluster.StateDir), "upgraded")
	copies := strings.Fields(h.exec(node, "find", state, "-name", "OVN_Northbound.*.upgrade.db"))
	if len(copies) != 1 {
		t.Fatalf("snapshots: %v, want one", copies)
	}
	if got := h.exec(node, "ovsdb-tool", "db-version", copies[0]); got != olderVersion {
		t.Errorf("the snapshot has schema %s, want %s", got, olderVersion)
	}
	h.want(node, "stop", exitSuccess, databaseDir)
	h.exec(node, "rm", "-r", filepath.Join(filepath.Dir(cluster.RunDir), "upgraded"), state)
}

// olderVersion is older than that of any schema.
const olderVersion = "0.0.1"

// makeOlder gives a schema an older version, and one column less. It returns the
// version that it had.
func (h hand) makeOlder(node, path string) string {
	h.t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(h.exec(node, "cat", path)), &schema); err != nil {
		h.t.Fatal(err)
	}
	version := fmt.Sprint(schema["version"])
	schema["version"] = olderVersion
	table := schema["tables"].(map[string]any)["Logical_Switch"].(map[string]any)
	delete(table["columns"].(map[string]any), "other_config")
	text, err := json.Marshal(schema)
	if err == nil {
		err = h.WriteFile(h.ctx, node, path, 0o644, text)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return version
}

// Where no server of the resource runs in the whole cluster, the tool calls that critical.
func TestStatusWhereNothingRuns(t *testing.T) {
	h := byHand(t)
	node := h.NodeNames()[0]
	if _, parsed := h.status(node, toolCritical); parsed.Healthy || parsed.Health != "stopped" {
		t.Errorf("%+v", parsed)
	}
}

// The agent passes the tests of resource-agents.
func TestOCFTester(t *testing.T) {
	h := byHand(t)
	node := h.NodeNames()[0]
	result, err := h.ExecEnv(h.ctx, node, nil, "ocf-tester", "-v", "-n", "tested", "-o", "master_ip="+h.VIP().String(),
		// With databases of its own: it promotes them under another name.
		"-o", "ovn_dbdir=/var/tmp/tested", h.AgentPath())
	if err != nil {
		t.Fatal(err)
	}
	if result.Code != 0 || !strings.Contains(result.Stdout, "passed all tests") {
		t.Errorf("ocf-tester: %s", result)
	}
	h.wantNothingLeft(node)
}

// shellRecorder stands in for the shells, and records who of its ancestors is one of
// the agent's processes.
const shellRecorder = `#!/usr/bin/dash.real
pid=$$ line=
while [ "$pid" -gt 1 ]; do
	parent=
	while read -r key value; do
		case $key in PPid:) parent=$value; break ;; esac
	done <"/proc/$pid/status" 2>/dev/null
	[ -n "$parent" ] && [ "$parent" -gt 0 ] || break
	read -r comm <"/proc/$parent/comm" 2>/dev/null || break
	case $comm in ovndb-servers*) echo "$comm: $0 $*" >>/var/tmp/shells-run ;; esac
	pid=$parent
done
case $0 in
*bash) exec /usr/bin/bash.real "$@" ;;
*) exec /usr/bin/dash.real "$@" ;;
esac
`

// No action of the agent and no command of the tool runs a shell, by itself or by a
// program that it runs.
func TestNoShell(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	h := byHand(t)
	node := h.NodeNames()[0]
	h.installShellRecorder(node)

	// That it records is shown by a program that runs a shell and has the agent's name.
	h.exec(node, "cp", "/usr/bin/perl", "/var/tmp/ovndb-servers")
	h.exec(node, "/var/tmp/ovndb-servers", "-e", `system("true; true") == 0 or die`)
	if recorded := h.exec(node, "cat", "/var/tmp/shells-run"); !strings.Contains(recorded, "ovndb-servers") {
		t.Fatalf("the recorder has recorded %q", recorded)
	}
	h.exec(node, "truncate", "--size=0", "/var/tmp/shells-run")

	for _, step := range everyActionTwice() {
		h.want(node, step.action, step.code)
		if _, err := h.Exec(h.ctx, node, "ovndb-servers", "status"); err != nil {
			t.Error(err)
		}
	}
	h.want(node, "validate-all", exitSuccess, map[string]string{"OCF_CHECK_LEVEL": "10"})
	h.want(node, "meta-data", exitSuccess)
	if recorded := h.exec(node, "cat", "/var/tmp/shells-run"); recorded != "" {
		t.Errorf("shells were run:\n%s", recorded)
	}
}

// installShellRecorder puts [shellRecorder] in the place of all shells of a node, until the test ends.
func (h hand) installShellRecorder(node string) {
	h.t.Helper()
	if err := h.WriteFile(h.ctx, node, "/var/tmp/shell-recorder.sh", 0o755, []byte(shellRecorder)); err != nil {
		h.t.Fatal(err)
	}
	h.exec(node, "cp", "-p", "/usr/bin/dash", "/usr/bin/dash.real")
	h.exec(node, "cp", "-p", "/usr/bin/bash", "/usr/bin/bash.real")
	h.exec(node, "install", "-m", "666", "/dev/null", "/var/tmp/shells-run")
	h.t.Cleanup(func() {
		for _, shell := range []string{"dash", "bash"} {
			if _, err := h.MustExec(context.Background(), node, "cp", "-p", "/usr/bin/"+shell+".real", "/usr/bin/"+shell+".new"); err != nil {
				h.t.Error(err)
			}
			if _, err := h.MustExec(context.Background(), node, "mv", "/usr/bin/"+shell+".new", "/usr/bin/"+shell); err != nil {
				h.t.Error(err)
			}
		}
	})
	for _, shell := range []string{"dash", "bash"} {
		h.exec(node, "cp", "-p", "/var/tmp/shell-recorder.sh", "/usr/bin/"+shell+".new")
		h.exec(node, "mv", "/usr/bin/"+shell+".new", "/usr/bin/"+shell)
	}
}
