package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func TestReportOfAnActionInEveryFormat(t *testing.T) {
	t.Parallel()
	for _, format := range []string{outputTable, outputJSON, outputYAML} {
		f := outputFlag{format: format}
		for outcome, failure := range map[string]error{"done": nil, "refused": notMoved("a move is under way")} {
			var stdout, stderr strings.Builder
			cmd := &cobra.Command{Use: "switchover"}
			cmd.SetOut(&stdout)
			cmd.SetErr(&stderr)
			err := f.act(cmd, func(out io.Writer, r *actionReport) error {
				r.Resource, r.From, r.To = "ovndb_servers", "node1", "node2"
				_, _ = io.WriteString(out, "for a person\n")
				if failure != nil {
					return failure
				}
				r.took(2345 * time.Millisecond)
				r.Databases = []actionDatabase{{Database: "OVN_Northbound", StandstillSeconds: new(0.42)}, {Database: "OVN_Southbound"}}
				return nil
			})
			if codeOf(err) != codeOf(failure) {
				t.Errorf("%s, %s: error %v, want %v", format, outcome, err, failure)
			}
			wantGolden(t, "action-"+outcome+"-"+format, stdout.String())
			if said := strings.Contains(stderr.String(), "for a person"); said != (format != outputTable) {
				t.Errorf("%s, %s: stderr is %q", format, outcome, stderr.String())
			}
		}
	}
}

// wantReport runs a command with -o json on a node, and returns its report, which is all of stdout.
func (c testCluster) wantReport(node string, code int, args ...string) actionReport {
	c.t.Helper()
	got := c.tool(node, code, append(args, "-o", "json")...)
	r := decode[actionReport](c.t, got.stdout)
	if r.Schema != 1 || r.Command != args[0] || r.Done != (code == exitHealthy) || (r.Error == "") != r.Done {
		c.t.Errorf("%v: %+v", args, r)
	}
	return r
}

func TestSwitchoverReportsTheMoveAsJSON(t *testing.T) {
	c := newFreshPair(t)
	if r := c.wantReport("node1", exitUnconfirmed, "switchover"); r.From != "node1" || r.To != "node2" || r.Resource != "ovndb" {
		t.Errorf("%+v", r)
	}
	wait := c.onMove(func() { c.moveRole("node1", "node2") })
	r := c.wantReport("node1", exitHealthy, "switchover", "--yes")
	wait()
	if r.TookSeconds == nil || len(r.Databases) != 2 || r.Databases[0].StandstillSeconds == nil {
		t.Errorf("%+v", r)
	}
}

func TestPauseAndResumeReportAsJSON(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	for _, command := range []string{"pause", "resume"} {
		c.wantReport("node1", exitUnconfirmed, command)
		c.wantReport("node1", exitHealthy, command, "--yes")
		if r := c.wantReport("node1", exitHealthy, command); r.Resource != "ovndb" { // it is so already
			t.Errorf("%+v", r)
		}
	}
}

func TestUpgradeReportsTheSchemasAsJSON(t *testing.T) {
	c, published := newOlderCluster(t)
	write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), published, 0o644)
	r := c.wantReport("node1", exitUnconfirmed, "upgrade")
	if len(r.Databases) != 2 || r.Databases[0].SchemaBefore != "0.0.1" || r.Databases[0].SchemaInstalled == "" {
		t.Errorf("%+v", r)
	}
}

func TestReinitReportsAsJSON(t *testing.T) {
	s := newReinitPair(t)
	if r := s.wantReport("node1", exitUnconfirmed, "reinit"); r.From != "node2" || r.To != "node1" {
		t.Errorf("%+v", r)
	}
	s.wantReport("node2", exitDegraded, "reinit")
}
