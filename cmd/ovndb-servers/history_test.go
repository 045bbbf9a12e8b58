package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/ovsdbfile"
)

// transactOn sends operations to a northbound server.
func transactOn(t *testing.T, endpoint, operations string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ovsdb-client", "transact", endpoint, `["OVN_Northbound",`+operations+`]`).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// eventsOf decodes the lines of history.
func eventsOf(t *testing.T, text string) []historyEvent {
	t.Helper()
	var all []historyEvent
	for line := range strings.Lines(text) {
		all = append(all, decode[historyEvent](t, line))
	}
	return all
}

func kindsOf(events []historyEvent) []string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

const (
	insertSwitch = `{"op":"insert","table":"Logical_Switch","row":{"name":"a"}},{"op":"comment","comment":"ls-add a"}`
	insertGroup  = `{"op":"insert","table":"Address_Set","row":{"name":"b"}}`
)

// marked is a server whose data is of a term, and that has written a beat, two rows and one of them
// again.
func markedServer(t *testing.T) (server *ovsdbctltest.Server, row string) {
	t.Helper()
	server = ovsdbctltest.Start(t, ovsdbctl.Northbound())
	marker := func(beat string) string {
		return `["map",[["ovndb-servers:lineage","` + lineageID + `"],["ovndb-servers:term","3"],["ovndb-servers:term-id","` + termTwoID +
			`"],["ovndb-servers:active","node1"],["ovndb-servers:base","0+0"],["ovndb-servers:beat","` + beat + `"]]]`
	}
	endpoint := server.Endpoint()
	transactOn(t, endpoint, `{"op":"update","table":"NB_Global","where":[],"row":{"external_ids":`+marker("1")+`}}`)
	if found := transactOn(t, endpoint, `{"op":"select","table":"NB_Global","where":[]}`); !strings.Contains(found, termTwoID) {
		transactOn(t, endpoint, `{"op":"insert","table":"NB_Global","row":{"external_ids":`+marker("1")+`}}`)
	}
	transactOn(t, endpoint, `{"op":"update","table":"NB_Global","where":[],"row":{"external_ids":`+marker("2")+`}}`)
	inserted := transactOn(t, endpoint, insertSwitch)
	_, row, _ = strings.Cut(inserted, `"uuid":["uuid","`)
	row, _, _ = strings.Cut(row, `"`)
	transactOn(t, endpoint, insertGroup)
	transactOn(t, endpoint, `{"op":"delete","table":"Logical_Switch","where":[]}`)
	return server, row
}

func TestHistoryTellsTermsBeatsTransactionsAndCompactionsApart(t *testing.T) {
	t.Parallel()
	server, row := markedServer(t)
	rows := []struct {
		name string
		args []string
		want []string
	}{
		{"all", nil, []string{kindSchema, kindTerm, kindBeat, kindTransaction, kindTransaction, kindTransaction}},
		{"a table", []string{"--table", "Address_Set"}, []string{kindTransaction}},
		{"a row", []string{"--row", row}, []string{kindTransaction, kindTransaction}},
		{"terms", []string{"--terms"}, []string{kindTerm}},
		{"of the last hour", []string{"--since", "1h"}, []string{kindSchema, kindTerm, kindBeat, kindTransaction, kindTransaction, kindTransaction}},
		{"of the future", []string{"--since", "2100-01-01"}, []string{kindSchema}},
	}
	for _, row := range rows {
		got := call(t, slices.Concat([]string{"ovndb-servers", "history", server.File, "-o", "json"}, row.args)...)
		if kinds := kindsOf(eventsOf(t, got.stdout)); got.code != exitHealthy || !slices.Equal(kinds, row.want) {
			t.Errorf("%s: code %d, %q, want %q\n%s", row.name, got.code, kinds, row.want, got.stdout)
		}
	}
	text := call(t, "ovndb-servers", "history", server.File).stdout
	wantText(t, text, "term 3 of node node1", "beat 2 of term 3", `Logical_Switch: 1 written  "ls-add a"`, "Address_Set: 1 written", "Logical_Switch: 1 deleted")
	if out, err := exec.CommandContext(t.Context(), "ovs-appctl", "-t", server.ControlSocket, "ovsdb-server/compact").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := call(t, "ovndb-servers", "history", server.File, "-o", "json")
	if kinds := kindsOf(eventsOf(t, got.stdout)); !slices.Equal(kinds, []string{kindSchema, kindCompaction}) {
		t.Errorf("after a compaction: %q", kinds)
	}
}

func TestHistoryOfABackupNamesItsResync(t *testing.T) {
	t.Parallel()
	server, _ := markedServer(t)
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(server.Endpoint()))
	backup.AwaitStatus(t, "the backup replicates", func(s ovsdbctl.SyncStatus) bool { return s.Link == ovsdbctl.LinkReplicating })
	for _, command := range []string{"disconnect", "connect"} {
		if out, err := exec.CommandContext(t.Context(), "ovs-appctl", "-t", backup.ControlSocket, "ovsdb-server/"+command+"-active-ovsdb-server").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for t.Context().Err() == nil {
		got := call(t, "ovndb-servers", "history", backup.File, "-o", "json")
		kinds := kindsOf(eventsOf(t, got.stdout))
		if n := len(kinds); n >= 4 && kinds[n-1] == kindResync && kinds[n-2] == kindResync {
			return
		}
	}
}

func TestHistoryOfATornFileSaysWhereAndIsDegraded(t *testing.T) {
	t.Parallel()
	server, _ := markedServer(t)
	content, err := os.ReadFile(server.File)
	if err != nil {
		t.Fatal(err)
	}
	for name, torn := range map[string][]byte{
		"short body": content[:len(content)-3], "bad header": append(slices.Clone(content), "no header\n"...),
	} {
		path := filepath.Join(t.TempDir(), "torn.db")
		write(t, path, string(torn), 0o600)
		got := call(t, "ovndb-servers", "history", path)
		if got.code != exitDegraded || got.stderr != "" {
			t.Errorf("%s: %+v", name, got)
		}
		wantText(t, got.stdout, "it cannot be read: "+name, kindTorn)
	}
	rows := []struct {
		code int
		args []string
	}{
		{exitNoSuch, []string{server.File + "x"}},
		{exitNoSuch, []string{server.File, "--table", "Nothing"}},
		{exitUnknown, []string{server.LogFile}},
		{exitUsage, []string{server.File, "--since", "yesterday"}},
		{exitUsage, []string{server.File, "--row", "a"}},
		{exitUsage, []string{server.File, server.File}},
		{exitUsage, []string{server.File, "--resource", "ovndb"}},
		{exitUsage, []string{"--follow"}},
	}
	for _, row := range rows {
		if got := call(t, append([]string{"ovndb-servers", "history"}, row.args...)...); got.code != row.code {
			t.Errorf("%q: %+v, want code %d", row.args, got, row.code)
		}
	}
}

// From a backup in the cluster's second term: both files are shown, each under its name, and what is wrong
// with one keeps nothing of the other back.
func TestHistoryWithoutAFileIsOfTheDatabasesOfThisNode(t *testing.T) {
	c := newStaleNode(t)
	got := c.tool("node1", exitHealthy, "history", "--terms")
	directory := filepath.Join(c.nodes["node1"], "db")
	wantText(t, got.stdout, "OVN_Northbound, "+directory+"/ovnnb_db.db:\n", "\n\nOVN_Southbound, "+directory+"/ovnsb_db.db:\n")
	var databases []string
	for _, e := range eventsOf(t, c.tool("node1", exitHealthy, "history", "--terms", "-o", "json").stdout) {
		databases = append(databases, e.Database+" "+e.Kind+" "+e.Active)
	}
	if want := []string{"OVN_Northbound term node1", "OVN_Southbound term node1"}; !slices.Equal(databases, want) {
		t.Errorf("%q, want %q", databases, want)
	}
	got = c.tool("node1", exitHealthy, "history", "--table", "Logical_Switch")
	wantText(t, got.stdout, "OVN_Northbound", "Logical_Switch: 1 written")
	if strings.Contains(got.stdout, "OVN_Southbound") {
		t.Errorf("a table of the other database: %s", got.stdout)
	}
	wantText(t, c.tool("node1", exitNoSuch, "history", "--table", "Nothing").stderr, `has no table "Nothing"`)
	c.agent("node1", "stop", 0)
	if err := os.Remove(filepath.Join(directory, "ovnnb_db.db")); err != nil {
		t.Fatal(err)
	}
	got = c.tool("node1", exitNoSuch, "history", "--terms")
	wantText(t, got.stderr, "ovnnb_db.db")
	wantText(t, got.stdout, "OVN_Southbound", kindTerm)
}

// From a file without the beginning of a term: a person is told that there is none, and a program reads no line.
func TestHistoryWithoutARecordOfThoseAskedForSaysSo(t *testing.T) {
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	transactOn(t, server.Endpoint(), insertSwitch)
	if got := call(t, "ovndb-servers", "history", "--terms", server.File); got.code != exitHealthy || got.stdout != "no such record\n" {
		t.Errorf("%+v", got)
	}
	if got := call(t, "ovndb-servers", "history", "--terms", "-o", "json", server.File); got.code != exitHealthy || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

// lines sends what is written to it, line by line.
type lines chan string

// Write implements [io.Writer].
func (l lines) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		l <- line
	}
	return len(text), nil
}

func TestHistoryFollowsAFileThatGrowsAndIsCompacted(t *testing.T) {
	t.Parallel()
	server, _ := markedServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written, ended := make(lines), make(chan error, 1)
	o := historyOptions{follow: true, output: outputFlag{format: outputJSON}}
	go func() { ended <- showHistory(ctx, written, historyFile{path: server.File}, o) }()
	await := func(kind, table string) {
		t.Helper()
		for {
			select {
			case line := <-written:
				if e := decode[historyEvent](t, line); e.Kind == kind && e.Tables[table] != (ovsdbfile.RowCount{}) {
					return
				}
			case err := <-ended:
				t.Fatalf("it ended before a %s of %s: %v", kind, table, err)
			}
		}
	}
	await(kindTransaction, "Address_Set")
	transactOn(t, server.Endpoint(), `{"op":"insert","table":"DNS","row":{}}`)
	await(kindTransaction, "DNS")
	if out, err := exec.CommandContext(t.Context(), "ovs-appctl", "-t", server.ControlSocket, "ovsdb-server/compact").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	await(kindCompaction, "NB_Global")
	cancel()
	for {
		select {
		case <-written:
		case err := <-ended:
			if err != nil {
				t.Errorf("it ended with %v", err)
			}
			return
		}
	}
}

func TestLinesOfHistory(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	marker := func(term, id, beat string) map[string]string {
		return map[string]string{
			"ovndb-servers:lineage": lineageID, "ovndb-servers:term": term, "ovndb-servers:term-id": id, "ovndb-servers:active": "node2",
			"ovndb-servers:base": "0+0", "ovndb-servers:beat": beat,
		}
	}
	one := map[string]ovsdbfile.RowCount{"NB_Global": {Written: 1}}
	entries := []ovsdbfile.Entry{
		{Size: 14503, Schema: "OVN_Northbound", SchemaVersion: "7.0.0"},
		{Offset: 14503, Size: 300 << 20, Date: at, Comment: "compacting database online", Compacted: true, Tables: map[string]ovsdbfile.RowCount{"Logical_Switch": {Written: 1000000}}, After: marker("1", termOneID, "7")},
		{Offset: 1, Size: 240, Date: at, Tables: one, Before: marker("1", termOneID, "7"), After: marker("1", termOneID, "8"), Comment: "ovndb-servers: set external_ids of NB_Global"},
		{Offset: 2, Size: 487, Date: at, Tables: one, Before: marker("1", termOneID, "8"), After: marker("2", termTwoID, "1")},
		{Offset: 3, Size: 487, Date: at, Tables: map[string]ovsdbfile.RowCount{"ACL": {Written: 2, Deleted: 1}, "Port_Group": {Deleted: 3}}, Comment: "a \x1b[31m\nb", After: marker("2", termTwoID, "1"), Before: marker("2", termTwoID, "1")},
		{Offset: 4, Size: 99, Date: at, Tables: map[string]ovsdbfile.RowCount{"NB_Global": {Deleted: 1}}, Before: marker("2", termTwoID, "1"), Emptied: true},
		{Offset: 5, Size: 9999, Date: at, Tables: one, After: marker("2", termTwoID, "1")},
		{Offset: 6, Size: 99, Tables: one, Before: marker("2", termTwoID, "1"), After: marker("2", termTwoID, "1")},
	}
	var k kinds
	var table, js strings.Builder
	for _, entry := range entries {
		e := k.event(entry)
		table.WriteString(e.line() + "\n")
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		js.Write(append(text, '\n'))
	}
	torn := historyEvent{Kind: kindTorn, OffsetBytes: 4711, Reason: "short body"}
	table.WriteString(torn.line() + "\n")
	wantGolden(t, "history-table", table.String())
	wantGolden(t, "history-json", js.String())
}
