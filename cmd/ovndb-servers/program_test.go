package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outcome is the outcome of a call of the program.
type outcome struct {
	code           int
	stdout, stderr string
}

// call runs the program in this process, without an environment.
func call(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr strings.Builder
	p := program{args: args, getenv: func(string) string { return "" }, stdout: &stdout, stderr: &stderr}
	code := run(t.Context(), p)
	if name, format := documentOf(args); name != "" {
		wantDocument(t, name, format, stdout.String())
	}
	return outcome{code: code, stdout: stdout.String(), stderr: stderr.String()}
}

// link is how Pacemaker calls the agent.
const link = "/usr/lib/ocf/resource.d/ovn/ovndb-servers"

func TestCallsThatTouchNothing(t *testing.T) {
	t.Parallel()
	const tool = "/usr/sbin/ovndb-servers"
	rows := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"tool without arguments", []string{tool}, exitHealthy, "Usage:", ""},
		{"tool asked for help", []string{tool, "--help"}, exitHealthy, "status", ""},
		{"tool asked for its version", []string{tool, "--version"}, exitHealthy, "ovndb-servers version", ""},
		{"version", []string{tool, "version"}, exitHealthy, "ovndb-servers " + version() + "\n", ""},
		{"version with an argument", []string{tool, "version", "more"}, exitUsage, "", "takes no argument"},
		{"unknown command", []string{tool, "nothing"}, exitUsage, "", `ovndb-servers has no command "nothing"; see: ovndb-servers --help`},
		{"unknown option", []string{tool, "--nothing"}, exitUsage, "", "ovndb-servers has no option --nothing;"},
		{"unknown option of a command", []string{tool, "status", "--nothing"}, exitUsage, "", "ovndb-servers status has no option --nothing; see: ovndb-servers status --help"},
		{"status in no known format", []string{tool, "status", "-o", "xml"}, exitUsage, "", "table, wide, json, yaml"},
		{"status with an argument", []string{tool, "status", "more"}, exitUsage, "", "takes no argument"},
		{"tool called as agent without an action", []string{tool, "ocf"}, 3, "", "ocf-exit-reason:"},
		{"tool called as agent with an unknown action", []string{tool, "ocf", "refresh"}, 3, "", "refresh"},
		{"tool called as agent for its meta-data", []string{tool, "ocf", "meta-data"}, 0, "<resource-agent", ""},
		{"link without an action", []string{link}, 3, "", "ocf-exit-reason:"},
		{"link with an unknown action", []string{link, "nothing"}, 3, "", "nothing"},
		{"link with a flag of the tool", []string{link, "--version"}, 3, "", "--version"},
		{"link for its meta-data", []string{link, "meta-data"}, 0, "<resource-agent", ""},
		{"link for its usage", []string{link, "usage"}, 0, "meta-data", ""},
		{"link with a command of the tool's among the arguments", []string{link, "meta-data", "ocf"}, 0, "<resource-agent", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, row.args...)
			if got.code != row.code || !strings.Contains(got.stdout, row.stdout) || !strings.Contains(got.stderr, row.stderr) {
				t.Errorf("got %+v, want code %d, stdout with %q, stderr with %q", got, row.code, row.stdout, row.stderr)
			}
			if row.code == 0 && got.stderr != "" {
				t.Errorf("success, and stderr is %q", got.stderr)
			}
		})
	}
}

func TestMetadataThroughALinkAsTheUserNobodyTouchesNothing(t *testing.T) {
	t.Parallel()
	binary := buildForAllUsers(t)
	provider := filepath.Join(filepath.Dir(binary), "resource.d", "ovn")
	if err := os.MkdirAll(provider, 0o755); err != nil {
		t.Fatal(err)
	}
	agent := filepath.Join(provider, "ovndb-servers")
	if err := os.Symlink(binary, agent); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), agent, "meta-data")
	cmd.Env = []string{}
	asOrdinaryUser(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "<?xml") || !strings.HasSuffix(strings.TrimSpace(string(out)), "</resource-agent>") {
		t.Errorf("meta-data: %v: %.300q", err, out)
	}
}
