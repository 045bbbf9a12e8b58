package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/process"
)

// followingReport is of a backup whose node is stale in one database, beside a fresh and a lost node.
func followingReport() report {
	const source = "tcp:192.0.2.2:6641"
	fifty, hundred := 50, 102000
	return report{
		Schema: statusSchema, Node: "node1", Resource: "ovndb_servers", Health: "backup, degraded",
		Problems: []string{
			"the OVN_Southbound data here is stale for 54s: it cannot reach the promoted node: no answer",
			"node node3 is offline and keeps no copy up to date; see: crm_mon -1rfA",
		},
		Copies: []copyReport{
			{
				Node: "node1", Database: "OVN_Northbound", Role: "backup", State: stateFresh, Known: knownHere,
				Beat: new(uint64(118)), FileBytes: new(int64(40960)), LastWriteSeconds: new(0.4), Sessions: new(2), Score: &fifty,
			},
			{
				Node: "node1", Database: "OVN_Southbound", Role: "backup", State: stateBehind, Known: knownHere,
				Beat: new(uint64(7)), FileBytes: new(int64(8) << 30), BehindSeconds: new(54.2), LastWriteSeconds: new(7200.5), Sessions: new(1), Score: &fifty,
			},
			{Node: "node2", Database: "OVN_Northbound", Role: "active", State: stateFresh, Known: knownByAnswer, Beat: new(uint64(119)), Score: &hundred},
			{Node: "node2", Database: "OVN_Southbound", Role: "active", State: stateUnreachable, Known: knownByAnswer, Score: &hundred},
			{Node: "node3", Database: "OVN_Northbound", Role: "stopped", State: "offline", Known: knownByPacemaker},
			{Node: "node3", Database: "OVN_Southbound", Role: "stopped", State: "offline", Known: knownByPacemaker},
		},
		Servers: []serverReport{
			{
				Database: "OVN_Northbound", Role: "backup", ReplicatesFrom: source, Connected: true, PID: 4711,
				File: "/var/lib/ovn/ovnnb_db.db", Term: 2, TermID: termTwoID, Lineage: lineageID, Progress: "118+4",
				Current: new(true), Sessions: new(2),
			},
			{
				Database: "OVN_Southbound", Role: "backup", ReplicatesFrom: source, PID: 4712,
				File: "/var/lib/ovn/ovnsb_db.db", Term: 2, TermID: termTwoID, Lineage: lineageID, Progress: "7+2~9",
				Current: new(true), Sessions: new(1),
				SessionsLost: &control.SessionLoss{
					Count: 3, Last: time.Date(2026, 7, 1, 12, 30, 0, 0, time.UTC), Reason: "cannot use tcp:192.0.2.2:6642: connection reset by peer",
				},
			},
		},
		Supervisor: &supervisorReport{PID: 4713},
		Cluster: clusterReport{
			Available: true, Record: &recordReport{Term: 2, TermID: termTwoID, Node: "node2", Members: []string{"node1", "node2"}},
			Nodes: []nodeReport{
				{Name: "node1", State: "online", Role: "Unpromoted", Score: &fifty, Versions: &versionsReport{Agent: "v1.2.0", Server: "3.1.0"}},
				{Name: "node2", State: "online", Role: "Promoted", Score: &hundred, Publishes: "OVN_Northbound=tcp:192.0.2.2:6641", Versions: &versionsReport{Agent: "v1.2.0", Server: "3.5.0"}},
				{Name: "node3", State: "offline", Role: "Stopped"},
			},
		},
	}
}

func TestStatusInEveryFormat(t *testing.T) {
	t.Parallel()
	unknown := report{Schema: statusSchema, Node: "node1", Resource: "ovndb_servers", Health: "stopped", Problems: []string{}}
	unknown.Copies = []copyReport{{Node: "node1", Database: "OVN_Northbound", Role: "absent", State: stateUnknown}}
	unknown.Cluster.Nodes, unknown.Cluster.Error = []nodeReport{}, message(&process.MissingProgramError{Name: "crm_mon"})
	paused := followingReport()
	paused.Cluster.Unmanaged = []string{"node1", "node2"}
	rows := []struct {
		name    string
		r       report
		format  string
		options statusOptions
		colour  bool
	}{
		{name: "status-table", r: followingReport(), format: outputTable},
		{name: "status-colour", r: followingReport(), format: outputTable, colour: true},
		{name: "status-wide", r: followingReport(), format: outputWide},
		{name: "status-verbose", r: followingReport(), format: outputTable, options: statusOptions{verbose: true}},
		{name: "status-json", r: followingReport(), format: outputJSON, colour: true},
		{name: "status-yaml", r: followingReport(), format: outputYAML},
		{name: "status-paused-table", r: paused, format: outputTable},
		{name: "status-paused-json", r: paused, format: outputJSON},
		{name: "status-no-cluster", r: unknown, format: outputTable},
	}
	for _, row := range rows {
		var b strings.Builder
		row.options.output.format = row.format
		if err := writeStatus(screen{out: &b, colour: row.colour}, row.r, row.options); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		wantGolden(t, row.name, b.String())
	}
}

func TestTableOfStatusFitsAHundredColumns(t *testing.T) {
	t.Parallel()
	r := followingReport()
	for i := range r.Copies {
		r.Copies[i].Node = "controller-2.example.com"
		r.Copies[i].State, r.Copies[i].BehindSeconds = stateStale, new(86399.0)
		r.Copies[i].LastWriteSeconds, r.Copies[i].Sessions, r.Copies[i].Score = new(86400.0*999), new(9999), new(1000000)
	}
	var b strings.Builder
	writeCopies(&b, r, tableOptions{})
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestExitCodeOfStatus(t *testing.T) {
	t.Parallel()
	healthy := func() report {
		r := followingReport()
		r.Problems, r.Health, r.Healthy = nil, "backup", true
		return r
	}
	rows := []struct {
		name   string
		change func(*report)
		code   int
	}{
		{"healthy", func(*report) {}, exitHealthy},
		{"a problem", func(r *report) { r.problem("x") }, exitDegraded},
		{"stopped here while another node is active", func(r *report) { r.Health, r.Healthy = "stopped", false }, exitHealthy},
		{"failed backup", func(r *report) { r.Health, r.Healthy = "failed", false }, exitDegraded},
		{"failed active", func(r *report) { r.Health, r.Healthy = "failed while active", false }, exitCritical},
		{"no node is active", func(r *report) { r.Cluster.Nodes[1].Role = "Unpromoted" }, exitCritical},
		{"two nodes are active", func(r *report) { r.Cluster.Nodes[0].Role = "Promoted" }, exitCritical},
		{"the cluster cannot be asked", func(r *report) { r.Cluster.Available = false }, exitUnknown},
	}
	for _, row := range rows {
		r := healthy()
		row.change(&r)
		if got := r.exitCode(); got != row.code {
			t.Errorf("%s: code %d, want %d", row.name, got, row.code)
		}
	}
}

// Names, sources and reasons come from other nodes, databases and programs.
func TestNoTextOfOthersActsOnATerminalOrForgesALine(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\nproblem: none\tx\u009b1m\u202e"
	with := func(text string) report {
		return report{
			Node: text, Resource: text, Health: text, Problems: []string{text},
			Copies:     []copyReport{{Node: text, Database: text, Role: text, State: text}},
			Servers:    []serverReport{{Database: text, Role: text, ReplicatesFrom: text + "x", Lineage: text, File: text, Progress: text, Reason: text + "x"}},
			Supervisor: &supervisorReport{PID: 1, Silent: text + "x"}, Northd: &northdReport{Waits: text + "x"},
			LastElection: &control.LastElection{
				Yielded: text, Rule: text, Reason: text + "x", Answers: []control.ElectionAnswer{{Node: text, Holds: text, Unable: text + "x"}},
			},
			Cluster: clusterReport{
				Available: true, Record: &recordReport{Term: 2, TermID: text, Node: text, Blessed: text + "x", Members: []string{text}, End: text + "x"},
				Nodes:     []nodeReport{{Name: text, State: text, Role: text, Publishes: text, Versions: &versionsReport{Agent: text, Server: text}}},
				Unmanaged: []string{text},
			},
		}
	}
	for _, format := range []string{outputTable, outputWide, outputJSON, outputYAML} {
		o := statusOptions{verbose: true, output: outputFlag{format: format}}
		var hostileText, clean strings.Builder
		if err := writeStatus(screen{out: &hostileText}, with(hostile), o); err != nil {
			t.Fatal(err)
		}
		if err := writeStatus(screen{out: &clean}, with("x"), o); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(hostileText.String(), func(r rune) bool { return r != '\n' && printable.Unprintable(r) }) {
			t.Errorf("%s: printed is %q", format, hostileText.String())
		}
		if got, want := strings.Count(hostileText.String(), "\n"), strings.Count(clean.String(), "\n"); got != want {
			t.Errorf("%s: %d lines, want %d:\n%s", format, got, want, hostileText.String())
		}
	}
}
