package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// clusterProgram stands for Pacemaker's programs, by the name it is called by. Values
// are files in FAKE_CLUSTER; the file self names the node it runs on.
const clusterProgram = `#!/bin/sh
set -e
cd "$FAKE_CLUSTER"
name= value= do= record= xpath= xml= quorum= scope=
program=${0##*/}
read -r node <self || [ "$node" ]
while [ $# -gt 0 ]; do
	case $1 in
	-n) [ "$program" = crm_node ] || { name=$2; shift; } ;;
	--name) name=$2; shift ;;
	-N) node=$2; shift ;;
	-U|--update) do=set value=$2; shift ;;
	-D) do=delete ;;
	-Q|--query) do=query ;;
	--type) record=yes; shift ;;
	-q) quorum=yes ;;
	--replace) do=replace ;;
	--xpath) xpath=$2; shift ;;
	--scope) scope=$2; shift ;;
	--xml-text) xml=$2; shift ;;
	--node) node=$2; shift ;;
	--resource) name=$2; shift ;;
	--move|--clear) do=$1 ;;
	--set-parameter|--delete-parameter) do=$1$2; shift ;;
	esac
	shift
done
case $program in
crm_node) case $quorum in yes) echo 1 ;; *) echo "$node" ;; esac ;;
crm_mon)
	echo '<pacemaker-result><nodes>'
	for n in node1 node2; do
		online=true
		[ ! -e "state/$n" ] || online=false
		echo "<node name=\"$n\" online=\"$online\"/>"
	done
	echo '</nodes><resources><clone id="c">'
	managed=true
	[ ! -e paused ] || managed=false
	for n in node1 node2; do
		[ ! -e "role/$n" ] || echo "<resource id=\"ovndb\" resource_agent=\"ocf:any:ovndb-servers\" role=\"$(cat role/$n)\" managed=\"$managed\"><node name=\"$n\"/></resource>"
	done
	echo '</clone></resources></pacemaker-result>' ;;
crm_attribute)
	[ -z "$record" ] || node=record
	if [ $do = set ]; then mkdir -p "$name"; printf %s "$value" >"$name/$node"
	elif [ -s "$name/$node" ]; then cat "$name/$node"
	else exit 105; fi ;;
cibadmin)
	field() { printf %s "$1" | sed "s/.*$2=\"\([^\"]*\)\".*/\1/"; }
	case $scope in
	constraints) echo "<constraints>$(cat constraints 2>/dev/null)</constraints>"; exit ;;
	configuration)
		[ -e parameters ] || exec cat cib.xml
		echo '<configuration><resources><clone id="c"><primitive id="ovndb" class="ocf" provider="any" type="ovndb-servers"><instance_attributes id="a">'
		cat parameters
		echo '</instance_attributes></primitive></clone></resources></configuration>'
		exit ;;
	esac
	if [ $do = query ]; then
		[ -n "$xpath" ] || exec cat cib
		[ "$xpath" != /cib ] || { echo '<cib validate-with="pacemaker-4.0"/>'; exit; }
		case $xpath in '//nvpair[@name="maintenance-mode"'*|*meta_attributes*)
			[ -e paused ] || exit 105
			echo '<nvpair id="m" name="maintenance" value="true"/>'
			exit 0 ;;
		esac
		id=$(field "$xpath" @id)
		name=${id#ovndb-servers-records-}
		[ -s "$name/record" ] || exit 105
		echo "<nvpair id=\"$id\" name=\"$name\" value=\"$(cat "$name/record")\"/>"
		exit 0
	fi
	[ -n "$xpath" ] || exit 0 # the set of all records
	name=$(field "$xml" ' name')
	mkdir -p "$name"
	if [ "$do" != replace ]; then
		[ ! -e "$name/record" ] || exit 105
		field "$xml" ' value' | sed "s/&#39;/'/g" >"$name/record"
		exit 0
	fi
	touch "$name/record"
	[ "$(cat "$name/record")" = "$(field "$xpath" '@value)')" ] || exit 105
	field "$xml" ' value' | sed "s/&#39;/'/g" >"$name/record" ;;
crm_resource)
	case $do in
	--move) echo "<rsc_location id=\"cli-prefer-$name\" rsc=\"$name\" node=\"$node\"/>" >constraints ;;
	--clear) [ ! -e kept ] || exit 1; rm -f constraints ;;
	--set-parametermaintenance) touch paused ;;
	--delete-parametermaintenance) rm paused ;;
	esac ;;
attrd_updater)
	mkdir -p "$name"
	case $do in
	set) printf %s "$value" >"$name/$node" ;;
	delete) rm -f "$name/$node" ;;
	query) for f in "$name"/*; do [ ! -e "$f" ] || echo "name=\"$name\" host=\"$(basename "$f")\" value=\"$(cat "$f")\""; done ;;
	esac ;;
esac
`

// testCluster has two nodes on this machine, whose servers are real and run by the
// agent, and of Pacemaker only the programs above.
type testCluster struct {
	t         *testing.T
	values    string
	nodes     map[string]string // directories by name
	ports     [2]string
	addresses map[string]string
	// path is the program that supervises; none does if it is empty.
	path string
	// parameters of the resource beside those it needs, by variable.
	parameters map[string]string
}

func newTestCluster(t *testing.T) testCluster {
	t.Helper()
	programs := t.TempDir()
	for _, name := range []string{"attrd_updater", "cibadmin", "crm_attribute", "crm_mon", "crm_node", "crm_resource"} {
		write(t, filepath.Join(programs, name), clusterProgram, 0o755)
	}
	c := testCluster{
		t: t, values: t.TempDir(), nodes: map[string]string{}, addresses: map[string]string{"node1": "127.0.0.1", "node2": "127.0.0.2"},
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	t.Setenv("FAKE_CLUSTER", c.values)
	for i := range c.ports {
		c.ports[i] = strconv.Itoa(int(ovsdbctltest.Port(t)))
	}
	for name := range c.addresses {
		dir, err := os.MkdirTemp("", "ovn")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		c.nodes[name] = dir
	}
	t.Cleanup(func() {
		for name := range c.nodes {
			c.agent(name, "stop", 0)
		}
	})
	return c
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// at has the programs that follow run on a node.
func (c testCluster) at(node string) { write(c.t, filepath.Join(c.values, "self"), node, 0o644) }

// role makes crm_mon show a role.
func (c testCluster) role(node, role string) {
	write(c.t, filepath.Join(c.values, "role", node), role, 0o644)
}

// configured gives the resource parameters in the configuration of the cluster.
func (c testCluster) configured(parameters map[string]string) {
	c.t.Helper()
	var b strings.Builder
	for name, value := range parameters {
		fmt.Fprintf(&b, "<nvpair id=%q name=%q value=%q/>\n", "p-"+name, name, value)
	}
	write(c.t, filepath.Join(c.values, "parameters"), b.String(), 0o644)
}

// value returns a value of the cluster, empty if it has none.
func (c testCluster) value(name, node string) string {
	text, err := os.ReadFile(filepath.Join(c.values, name, node))
	if err != nil {
		return ""
	}
	return string(text)
}

// agent runs an action on a node, which has to end with a code.
func (c testCluster) agent(node, action string, code int) string {
	c.t.Helper()
	got, stderr := c.act(node, action)
	if got != code {
		c.t.Fatalf("%s on %s: code %d, want %d: %s", action, node, got, code, stderr)
	}
	return stderr
}

// act runs an action on a node.
func (c testCluster) act(node, action string) (code int, messages string) {
	c.t.Helper()
	ctx := context.WithoutCancel(c.t.Context()) // a cleanup's context has ended
	c.at(node)
	env := c.environment(node)
	var stdout, stderr strings.Builder
	code = run(ctx, program{
		args: []string{link, action}, path: c.path, getenv: func(name string) string { return env[name] }, stdout: &stdout, stderr: &stderr,
	})
	return code, stderr.String()
}

// environment is the environment that Pacemaker would give an action on a node.
func (c testCluster) environment(node string) map[string]string {
	env := map[string]string{
		"OCF_RESOURCE_INSTANCE": "ovndb", "OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1", "OCF_RA_VERSION_MINOR": "1",
		"OCF_RESKEY_CRM_meta_on_node": node, "OCF_RESKEY_CRM_meta_timeout": "20000",
		"OCF_RESKEY_CRM_meta_interval": "10000", // else a monitor is a probe
		"OCF_RESKEY_master_ip":         "127.0.0.9", "OCF_RESKEY_node_address": c.addresses[node],
		"OCF_RESKEY_nb_master_port": c.ports[0], "OCF_RESKEY_sb_master_port": c.ports[1],
		"OCF_RESKEY_ovn_rundir": filepath.Join(c.nodes[node], "run"), "OCF_RESKEY_ovn_dbdir": filepath.Join(c.nodes[node], "db"),
		"OCF_RESKEY_ovn_logdir":   filepath.Join(c.nodes[node], "log"),
		"OCF_RESKEY_agent_logdir": filepath.Join(c.nodes[node], "agent-log"),
		"OCF_RESKEY_state_dir":    filepath.Join(c.nodes[node], "state"), "OCF_RESKEY_state_rundir": filepath.Join(c.nodes[node], "state-run"),
	}
	maps.Copy(env, c.parameters)
	return env
}

// tool runs a command of the tool on a node, which has to end with a code.
func (c testCluster) tool(node string, code int, args ...string) outcome {
	c.t.Helper()
	got := c.call(node, args...)
	if got.code != code {
		c.t.Fatalf("%v on %s: %+v, want code %d", args, node, got, code)
	}
	return got
}

// call runs a command of the tool on a node, whose directories an argument may replace.
func (c testCluster) call(node string, args ...string) outcome {
	c.t.Helper()
	c.at(node)
	return call(c.t, append([]string{"/usr/sbin/ovndb-servers"}, c.located(node, args...)...)...)
}

// located adds the directories of a node to the arguments of a command.
func (c testCluster) located(node string, args ...string) []string {
	c.t.Helper()
	var all []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") { // the command's name and its arguments
		all, args = append(all, args[0]), args[1:]
	}
	directory := c.nodes[node]
	for _, lasting := range []string{"db", "state"} {
		if err := os.MkdirAll(filepath.Join(directory, lasting), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	if all[0] != "completion" {
		all = append(all, "--dbdir", filepath.Join(directory, "db"), "--statedir", filepath.Join(directory, "state"),
			"--rundir", filepath.Join(directory, "run"), "--staterundir", filepath.Join(directory, "state-run"))
	}
	return append(all, args...)
}

// transact sends operations to a node's northbound database.
func (c testCluster) transact(node, operations string) []byte {
	c.t.Helper()
	out, err := exec.CommandContext(c.t.Context(), "ovsdb-client", "transact",
		"unix:"+filepath.Join(c.nodes[node], "run", "ovnnb_db.sock"), `["OVN_Northbound",`+operations+`]`).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		c.t.Fatalf("node %s: %v: %s", node, err, out)
	}
	return out
}

func (c testCluster) insert(node, name string) {
	c.t.Helper()
	c.transact(node, fmt.Sprintf(`{"op":"insert","table":"Logical_Switch","row":{"name":%q}}`, name))
}

// has reports whether a node has a row of a name.
func (c testCluster) has(node, name string) bool {
	c.t.Helper()
	out := c.transact(node, fmt.Sprintf(`{"op":"select","table":"Logical_Switch","where":[["name","==",%q]]}`, name))
	return strings.Contains(string(out), name)
}

// lead starts a node and promotes it.
func (c testCluster) lead(node string) {
	c.t.Helper()
	c.agent(node, "start", 0)
	c.agent(node, "promote", 0)
	c.role(node, "Promoted")
}

// away stops a node, as the cluster would.
func (c testCluster) away(node string) {
	c.t.Helper()
	c.agent(node, "stop", 0)
	if err := os.Remove(filepath.Join(c.values, "role", node)); err != nil {
		c.t.Fatal(err)
	}
}

// newStaleNode returns a cluster in which node1 has written in term 1, node2 has led
// term 2, and only node1 runs.
func newStaleNode(t *testing.T) testCluster {
	t.Helper()
	c := newTestCluster(t)
	c.lead("node1")
	c.insert("node1", "both")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "both")
	c.insert("node1", "first")
	c.await("node2", "first")
	c.away("node1")
	c.agent("node2", "promote", 0)
	c.insert("node2", "second")
	c.away("node2")
	c.agent("node1", "start", 0)
	c.role("node1", "Unpromoted")
	return c
}

// await waits until a node has a row.
func (c testCluster) await(node, name string) {
	c.t.Helper()
	for !c.has(node, name) {
		if c.t.Context().Err() != nil {
			c.t.Fatalf("node %s never has %q", node, name)
		}
	}
}

// wantText checks that a text contains all that is wanted.
func wantText(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// wantValue checks a value of the cluster.
func (c testCluster) wantValue(name, node, want string) {
	c.t.Helper()
	if got := c.value(name, node); got != want {
		c.t.Errorf("%s of %s is %q, want %q", name, node, got, want)
	}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
