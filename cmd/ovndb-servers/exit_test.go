package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
)

func TestEveryErrorHasOneExitCode(t *testing.T) {
	t.Parallel()
	rows := []struct {
		err  error
		code int
	}{
		{nil, exitHealthy},
		{&exitError{code: exitCritical}, exitCritical},
		{errNotConfirmed, exitUnconfirmed},
		{usage("so"), exitUsage},
		{errWhichResource, exitUsage},
		{fmt.Errorf("a socket: %w", fs.ErrPermission), exitNoPermission},
		{snapshot.ErrNoSnapshot, exitNoSuch},
		{fs.ErrNotExist, exitNoSuch},
		{fmt.Errorf("%w: %w", ovsdbctl.ErrNotListening, fs.ErrNotExist), exitUnknown},
		{process.ErrProgramMissing, exitUnknown},
		{refused(control.ErrRunning), exitDegraded},
		{refused(snapshot.ErrNoSnapshot), exitNoSuch},
	}
	for _, row := range rows {
		if got := codeOf(row.err); got != row.code {
			t.Errorf("%v: code %d, want %d", row.err, got, row.code)
		}
	}
}

func TestWrongCallsSayInWordsOfTheToolHowToCallIt(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	rows := []struct {
		name, text string
		code       int
		args       []string
	}{
		{"a resource that does not exist", `there is no resource "typo", but: ovndb`, exitNoSuch, []string{"status", "--resource", "typo"}},
		{"a relative directory", "has to be an absolute path", exitUsage, []string{"status", "--rundir", "nowhere"}},
		{"no directory", "--dbdir: there is no directory /nonexistent", exitNoSuch, []string{"status", "--dbdir", "/nonexistent"}},
		{"no directory of snapshots", "--dbdir: there is no directory", exitNoSuch, []string{"snapshots", "list", "--dbdir", "/nonexistent"}},
		{"no shell", "name a shell, one of: bash, zsh, fish", exitUsage, []string{"completion", "tcsh"}},
		{"no snapshot named", "ovndb-servers snapshots list", exitUsage, []string{"snapshots", "show"}},
		{"a reason to withdraw", "--withdraw takes the blessing back", exitUsage, []string{"bless", "--withdraw", "--reason", "x"}},
		{"no duration", `"5 apples" is no duration`, exitUsage, []string{"status", "--timeout", "5 apples"}},
		{"a snapshot that does not exist", "no such snapshot", exitNoSuch, []string{"snapshots", "show", "x"}},
	}
	for _, row := range rows {
		got := c.call("node1", row.args...)
		if got.code != row.code || !strings.Contains(got.stderr, row.text) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: %+v, want code %d, %q", row.name, got, row.code, row.text)
		}
	}
	c.tool("node1", exitHealthy, "status", "--timeout", "60")
}

func TestStatusOfAClusterThatCannotBeAskedIsUnknown(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	c.tool("node1", exitHealthy, "status")
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "#!/bin/sh\necho 'crm_mon: Error: cluster is not available on this node' >&2\nexit 102\n", 0o755)
	for _, format := range []string{outputTable, outputJSON} {
		got := c.tool("node1", exitUnknown, "status", "-o", format)
		wantText(t, got.stdout, "cluster is not available on this node", "active")
	}
}

// A node without Pacemaker's tools: the one thing that helps is said once, by each command that needs them.
func TestWithoutTheToolsOfPacemakerEachCommandSaysWhatToInstall(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if found, err := exec.LookPath("crm_mon"); err == nil {
		t.Skipf("this machine has a %s", found)
	}
	const want = "crm_mon is not installed; on Debian: apt-get install pacemaker-cli-utils"
	for _, call := range []string{
		"explain", "switchover --yes", "pause --yes", "resume --yes", "reinit --yes", "upgrade --yes", "bless --reason x", "verify --all",
	} {
		got := c.call("node1", strings.Fields(call)...)
		if got.code != exitUnknown || got.stderr != "ovndb-servers: error: "+want+"\n" {
			t.Errorf("%s: %+v", call, got)
		}
	}
	wantText(t, c.tool("node1", exitUnknown, "pause", "--yes", "-o", "json").stdout, `"error": "`+want+`"`)
	for _, format := range []string{outputTable, outputWide, outputJSON, outputYAML} {
		got := c.tool("node1", exitUnknown, "status", "-o", format)
		if strings.Count(got.stdout, "crm_mon") != 1 || !strings.Contains(got.stdout, want) || got.stderr != "" {
			t.Errorf("%s: %+v", format, got)
		}
	}
}

func TestEachMissingProgramNamesItsPackage(t *testing.T) {
	t.Parallel()
	for program, name := range map[string]string{
		"cibadmin": "pacemaker-cli-utils", "corosync-cmapctl": "corosync", "/usr/bin/ovsdb-tool": "openvswitch-common", "ovn-northd": "ovn-central",
	} {
		err := fmt.Errorf("cannot do so: %w", &process.MissingProgramError{Name: program})
		if got, want := message(err), filepath.Base(program)+" is not installed; on Debian: apt-get install "+name; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := hintFor(fmt.Errorf("a file: %w", fs.ErrPermission)); got != "run it as root" {
		t.Errorf("hint %q", got)
	}
	if got := hintFor(errNoSuch); got != "" {
		t.Errorf("hint %q", got)
	}
}

func TestStatusHasOneExitCodeWhateverItsFormat(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name   string
		change func()
		code   int
	}{
		{"healthy", func() {}, exitHealthy},
		{"another node is offline", func() { write(t, filepath.Join(c.values, "state", "node2"), "", 0o644) }, exitDegraded},
		{"two nodes are active", func() { c.role("node2", "Promoted") }, exitCritical},
		{"none is", func() { c.role("node1", "Unpromoted"); c.role("node2", "Unpromoted") }, exitCritical},
		{"the cluster does not answer", func() { write(t, path, "#!/bin/sh\necho 'Error: not available' >&2\nexit 102\n", 0o755) }, exitUnknown},
	}
	for _, row := range rows {
		row.change()
		for _, format := range []string{outputTable, outputWide, outputJSON, outputYAML, outputPrometheus} {
			if got := c.call("node1", "status", "-o", format); got.code != row.code || got.stdout == "" {
				t.Errorf("%s, as %s: %+v, want code %d", row.name, format, got, row.code)
			}
		}
	}
}

// An ordinary user may not ask the servers: that is no verdict on them.
func TestStatusAsAnOrdinaryUserIsNoPermission(t *testing.T) {
	binary := buildForAllUsers(t)
	c := newTestCluster(t)
	c.lead("node1")
	node := c.nodes["node1"]
	for _, directory := range []string{node, filepath.Dir(t.TempDir())} { // the latter has the tools of the cluster
		if err := os.Chmod(directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), binary, "status", "--resource", "ovndb", "--dbdir", filepath.Join(node, "db"),
		"--rundir", filepath.Join(node, "run"), "--statedir", filepath.Join(node, "state"), "--staterundir", filepath.Join(node, "state-run"))
	asOrdinaryUser(cmd)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitNoPermission || !strings.Contains(string(out), "hint: run it as root") ||
		strings.Contains(string(out), "failed") {
		t.Errorf("code %d: %s", code, out)
	}
	cmd = exec.CommandContext(t.Context(), binary, "status", "--nb", "unix:"+filepath.Join(node, "run", "ovnnb_db.sock"))
	asOrdinaryUser(cmd)
	out, _ = cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitNoPermission || !strings.Contains(string(out), "hint: run it as root") {
		t.Errorf("by its address: code %d: %s", code, out)
	}
}

func TestEveryCommandHasAnExampleAndAGroup(t *testing.T) {
	t.Parallel()
	root := newRootCommand(program{})
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" && (cmd.Example == "" || cmd.GroupID == "") {
			t.Errorf("%s: example %q, group %q", cmd.Name(), cmd.Example, cmd.GroupID)
		}
		for _, sub := range cmd.Commands() {
			if sub.Example == "" {
				t.Errorf("%s has no example", sub.CommandPath())
			}
		}
	}
	wantGolden(t, "help", call(t, "ovndb-servers", "help").stdout)
}
