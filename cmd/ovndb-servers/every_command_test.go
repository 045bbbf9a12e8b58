package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// commandRow is a call of the tool on a node of a running pair.
type commandRow struct {
	command string // its path, as "snapshots list"
	node    string
	code    int // anyCode where it depends on the machine
	text    string
	args    []string
}

// anyCode stands for the exit codes 0 to 3.
const anyCode = -1

// run calls a command, checks what it answers, and notes that it was called.
func (s supervised) run(called map[string]bool, rows ...commandRow) {
	s.t.Helper()
	for _, row := range rows {
		args := append(strings.Fields(row.command), row.args...)
		var got outcome
		if slices.Contains([]string{"completion", "events", "version"}, args[0]) { // which have no directories of a node
			got = call(s.t, append([]string{"ovndb-servers"}, args...)...)
		} else {
			got = s.call(row.node, args...)
		}
		if got.code != row.code && (row.code != anyCode || got.code > exitUnknown) || !strings.Contains(got.stdout, row.text) {
			s.t.Errorf("%s on %s: %+v, want code %d and %q", row.command, row.node, got, row.code, row.text)
		}
		called[row.command] = true
	}
}

// From a pair of real servers, of which one follows the other under its supervisor, which has restarted a server:
// each command of the tool finds out what it is for.
func TestEachCommandWorksOnRealServers(t *testing.T) {
	s := newReinitPair(t)
	s.configure()
	server := s.file("ovnnb_db.pid")
	before := s.pid(server)
	s.signal(server, syscall.SIGKILL)
	s.becomes("the server to be restarted", func() bool { return s.pid(server) != 0 && s.pid(server) != before })
	s.becomes("the log to say so", func() bool { return strings.Contains(s.log(), "was restarted in place") })
	s.becomes("the backup to be fresh", func() bool {
		return strings.HasSuffix(s.value("ovndb-freshness-ovndb", "node1"), " fresh") && s.call("node1", "verify", "--all").code == exitHealthy
	})
	called := map[string]bool{}
	s.run(called,
		commandRow{"status", "node1", anyCode, "led by node node2", nil},
		commandRow{"explain", "node1", exitHealthy, "node1", nil},
		commandRow{"doctor", "node1", anyCode, "node node1, resource ovndb", nil},
		commandRow{"verify", "node1", exitHealthy, "same", []string{"--all"}},
		commandRow{"history", "node1", exitHealthy, "Logical_Switch: 1 written", nil},
		commandRow{"events", "node1", exitHealthy, "node1  OVN_Northbound  restarted", []string{
			"--logdir", filepath.Join(s.nodes["node1"], "agent-log"), "--clusterlog", "/nonexistent",
		}},
		commandRow{"report", "node1", exitHealthy, "", []string{
			filepath.Join(t.TempDir(), "report.tar.gz"), "--logdir", filepath.Join(s.nodes["node1"], "agent-log"), "--corosync", "/nonexistent",
		}},
		commandRow{"pause", "node1", exitHealthy, "", []string{"--yes"}},
		commandRow{"resume", "node1", exitHealthy, "", []string{"--yes"}},
		commandRow{"upgrade", "node2", exitHealthy, "have the schemas that the package of OVN on this node brings", nil},
		commandRow{"switchover", "node2", exitUnconfirmed, "node1", nil},
		commandRow{"reinit", "node1", exitHealthy, "the databases of node node1 are fresh after ", []string{"--yes"}},
		commandRow{"bless", "node1", exitDegraded, "", []string{"--reason", "x"}},
		commandRow{"snapshots list", "node1", exitHealthy, "reinit", nil},
		commandRow{"version", "", exitHealthy, version(), nil},
		commandRow{"completion", "", exitHealthy, "ovndb-servers", []string{"bash"}},
	)
	all := listed(s.testCluster, "node1")
	if len(all) == 0 {
		t.Fatal("reinit has kept no snapshot")
	}
	s.run(called,
		commandRow{"snapshots show", "node1", exitHealthy, all[0].Name, []string{all[0].Name}},
		commandRow{"snapshots restore", "node1", exitUnconfirmed, all[0].Name, []string{all[0].Name}},
	)
	called["ocf"] = true // by its link: its actions have started the servers
	for _, path := range commandPaths(newRootCommand(program{})) {
		if !called[path] {
			t.Errorf("%s is called on no real servers", path)
		}
	}
}

// commandPaths are the commands that the help lists, but for the help itself; of a group, its commands.
func commandPaths(of *cobra.Command) []string {
	var paths []string
	for _, cmd := range of.Commands() {
		switch {
		case cmd.Hidden || cmd.Name() == "help":
		case cmd.HasSubCommands():
			paths = append(paths, commandPaths(cmd)...)
		default:
			paths = append(paths, strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
		}
	}
	return paths
}
