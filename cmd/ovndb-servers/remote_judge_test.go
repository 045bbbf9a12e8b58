package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// marked returns the marker of a term at a beat.
func marked(term, beat uint64) *replication.Marker {
	return &replication.Marker{Lineage: lineageID, Term: term, TermID: []string{"", termOneID, termTwoID}[term], Beat: beat}
}

// standalone returns the answer of a server of a pair, whose process has a name.
func standalone(process string, active bool, marker *replication.Marker) remoteServer {
	return remoteServer{
		database: ovsdbctl.Northbound(), instance: ovsdbctl.Instance{ID: process, Model: ovsdbctl.ModelStandalone},
		active: active, marker: marker, globalID: "g",
	}
}

func TestServersThatAreNamedAreJudgedByTheirAnswers(t *testing.T) {
	t.Parallel()
	with := func(s remoteServer, change func(*remoteServer)) remoteServer {
		change(&s)
		return s
	}
	failed := func(err error) remoteServer { return remoteServer{database: ovsdbctl.Northbound(), err: err} }
	refused := failed(fmt.Errorf("%w: %w", ovsdbctl.ErrNotListening, syscall.ECONNREFUSED))
	silent := failed(ovsdbctl.ErrNoAnswer)
	a, b := standalone("a", true, marked(2, 7)), standalone("b", false, marked(2, 7))
	rows := []struct {
		name    string
		servers []remoteServer
		want    string
		code    int
		problem string
	}{
		{"a pair", []remoteServer{a, b}, "active fresh, backup fresh", exitHealthy, ""},
		{"a pair without markers", []remoteServer{standalone("a", true, nil), standalone("b", false, nil)}, "active fresh, backup unknown", exitHealthy, ""},
		{"an active that has two addresses", []remoteServer{a, a, b}, "active fresh, active fresh, backup fresh", exitHealthy, ""},
		{"two actives", []remoteServer{standalone("a", true, nil), standalone("b", true, nil)}, "active unknown, active unknown", exitCritical, "2 OVN_Northbound servers take writes"},
		{"an active whose term is over", []remoteServer{standalone("c", true, marked(1, 3)), a}, "active old term, active unknown", exitCritical, "2 OVN_Northbound servers"},
		{"no active", []remoteServer{b, standalone("c", false, nil)}, "backup unknown, backup unknown", exitCritical, "no OVN_Northbound server that can be reached takes writes"},
		{"no server listens", []remoteServer{refused}, "unknown not listening", exitCritical, "no OVN_Northbound server that can be reached"},
		{"no server answers", []remoteServer{silent}, "unknown unreachable", exitUnknown, "not known which one is active"},
		{"backups of this agent do not listen", []remoteServer{a, refused}, "active fresh, unknown not listening", exitHealthy, ""},
		{"a backup by hand does not listen", []remoteServer{standalone("a", true, nil), refused}, "active fresh, unknown not listening", exitDegraded, "does not listen"},
		{"a backup does not answer", []remoteServer{a, silent}, "active fresh, unknown unreachable", exitDegraded, "does not answer from here: no answer"},
		{"a server of another database", []remoteServer{a, failed(ovsdbctl.ErrNoDatabase)}, "active fresh, unknown unreachable", exitDegraded, "has no such database"},
		{"a backup that is behind", []remoteServer{a, standalone("b", false, marked(2, 6))}, "active fresh, backup behind", exitDegraded, "is behind the active"},
		{"a blank backup", []remoteServer{a, with(b, func(s *remoteServer) { s.globalID, s.marker = "", nil })}, "active fresh, backup behind", exitDegraded, "is behind"},
		{"a backup of an earlier term", []remoteServer{a, standalone("b", false, marked(1, 9))}, "active fresh, backup old term", exitDegraded, "earlier term"},
		{"a backup with other data", []remoteServer{a, with(b, func(s *remoteServer) { s.globalID = "h" })}, "active fresh, backup other data", exitDegraded, "holds other data"},
		{"a backup of another lineage", []remoteServer{a, with(b, func(s *remoteServer) {
			s.marker = &replication.Marker{Lineage: "other", Term: 2, TermID: termTwoID, Beat: 7}
		})}, "active fresh, backup other data", exitDegraded, "holds other data"},
		{"a Raft cluster", []remoteServer{with(a, func(s *remoteServer) { s.instance.Model, s.active = ovsdbctl.ModelClustered, false })}, "clustered unknown", exitUnknown, "Raft"},
		{"a relay beside an active", []remoteServer{a, with(b, func(s *remoteServer) { s.instance.Model = ovsdbctl.ModelRelay })}, "active fresh, relay unknown", exitHealthy, ""},
	}
	for _, row := range rows {
		r := judgeRemote(row.servers)
		var got []string
		for _, c := range r.Copies {
			got = append(got, c.Role+" "+c.State)
		}
		for _, problem := range r.Problems {
			if !namesCommand(problem) {
				t.Errorf("%s: no command: %s", row.name, problem)
			}
		}
		problems := strings.Join(r.Problems, "\n")
		if strings.Join(got, ", ") != row.want || r.code != row.code || r.Healthy != (row.code == exitHealthy) ||
			!strings.Contains(problems, row.problem) || (row.problem == "") != (problems == "") {
			t.Errorf("%s: %q, code %d, problems %q; want %q, code %d, problem %q", row.name, got, r.code, problems, row.want, row.code, row.problem)
		}
	}
}

func TestTheCommandThatComparesABackupByTLSHasTheFiles(t *testing.T) {
	t.Parallel()
	servers := []remoteServer{standalone("a", true, nil), standalone("b", false, nil), standalone("c", false, nil)}
	servers[0].address, servers[1].address, servers[2].address = "unix:/a", "ssl:192.0.2.2:6641", "unix:/c"
	wantText(t, judgeRemote(servers).text(false), "ovndb-servers verify unix:/a ssl:192.0.2.2:6641 -p KEY -c CERTIFICATE -C CA\n",
		"ovndb-servers verify unix:/a unix:/c\n")
}

func TestWorstDatabaseDecidesTheExitCodeOfNamedServers(t *testing.T) {
	t.Parallel()
	south := remoteServer{database: ovsdbctl.Southbound(), err: errors.New("so")}
	r := judgeRemote([]remoteServer{standalone("a", true, nil), south})
	if r.code != exitUnknown || len(r.Copies) != 2 || r.Copies[1].Database != "OVN_Southbound" {
		t.Errorf("%+v", r)
	}
	if r := judgeRemote([]remoteServer{standalone("a", false, nil), south}); r.code != exitCritical {
		t.Errorf("%+v", r)
	}
}

func namedServers() remoteReport {
	servers := []remoteServer{
		standalone("a", true, marked(2, 118)), standalone("b", false, marked(1, 7)),
		{err: fmt.Errorf("cannot open OVN_Northbound on ssl:[2001:db8::3]:6641: %w", ovsdbctl.ErrNoAnswer)},
		{err: fmt.Errorf("%w: %w", ovsdbctl.ErrNotListening, syscall.ECONNREFUSED)},
	}
	for i, address := range []string{"tcp:192.0.2.1:6641", "unix:/run/ovn/ovnnb_db.sock", "ssl:[2001:db8::3]:6641", "tcp:192.0.2.4:6641"} {
		servers[i].address, servers[i].database = address, ovsdbctl.Northbound()
	}
	return judgeRemote(servers)
}

func TestNamedServersInEveryFormat(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, format string
		wide, colour bool
	}{
		{name: "remote-table", format: outputTable},
		{name: "remote-colour", format: outputTable, colour: true},
		{name: "remote-wide", format: outputWide, wide: true},
		{name: "remote-json", format: outputJSON},
		{name: "remote-yaml", format: outputYAML},
	} {
		var b strings.Builder
		r := namedServers()
		r.wide = row.wide
		if err := writeResult(screen{out: &b, colour: row.colour}, r, row.format); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		wantGolden(t, row.name, b.String())
	}
	table, _, _ := strings.Cut(namedServers().text(false), "\n\n")
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
