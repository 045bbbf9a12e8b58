package main

import (
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
	"ovndb-servers/pkg/verify"
)

// hostile is text that others choose, in the place of a name.
const hostile = "\x1b[31mred\nproblem: none"

func exampleSnapshots() []snapshot.Info {
	taken := time.Date(2026, 3, 4, 5, 6, 7, 890, time.UTC)
	return []snapshot.Info{
		{
			Name: "OVN_Northbound.20260304T050607.000000890Z.ahead", Database: "OVN_Northbound", Taken: taken, Why: "ahead",
			Reason: "data of term 1 up to 7+2, but the next term began at 7+0", Position: "term 1 beat 7+2", SizeBytes: 14503,
		},
		{
			Name: "OVN_Southbound.20260303T050607.000000000Z.adopted", Number: 3, Database: "OVN_Southbound", File: "/var/lib/ovn/ovnsb_db.db",
			Taken: taken.AddDate(0, 0, -1), Why: "adopted", SizeBytes: 300 << 20, CutBytes: 12,
		},
	}
}

func TestSnapshotsInEveryFormat(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	if err := writeSnapshots(&table, "/var/lib/ovn", exampleSnapshots()); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "snapshots", table.String())
	s := shown{
		Snapshot: exampleSnapshots()[1], Compared: true, NotCompared: []string{"Logical_Flow"}, Counts: map[snapshot.Kind]int{},
		Differences: []snapshot.Difference{
			{Kind: snapshot.Missing, Table: "Logical_Switch", UUID: termOneID, Columns: []snapshot.Change{{Column: "name", Snapshot: []string{`"only here"`}, Live: []string{}}}},
			{Kind: snapshot.Changed, Table: "Port_Binding", UUID: termTwoID, Columns: []snapshot.Change{{Column: "up", Snapshot: []string{"true"}, Live: []string{}}}},
			{Kind: snapshot.Added, Table: "DNS", UUID: lineageID, Columns: []snapshot.Change{{Column: "records", Snapshot: []string{}, Live: []string{hostile}}}},
		},
	}
	s.count(false)
	table.Reset()
	if err := writeShown(&table, s, false); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "snapshots_show-table", table.String())
	for _, format := range []string{outputJSON, outputYAML} {
		wantGoldenDocument(t, "snapshots_list", exampleSnapshots(), format)
		wantGoldenDocument(t, "snapshots_show", s, format)
	}
}

// wantGoldenDocument compares a value in a format with a file in testdata.
func wantGoldenDocument(t *testing.T, name string, v any, format string) {
	t.Helper()
	var b strings.Builder
	if err := writeDocument(screen{out: &b}, v, format); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, name+"-"+format, b.String())
}

func exampleComparison() verify.Result {
	return verify.Result{
		Database: "OVN_Northbound",
		A:        verify.Description{Address: "tcp:192.0.2.1:6641", SchemaVersion: "7.11.0", Rows: 1000000},
		B:        verify.Description{Address: "/var/lib/ovn/ovnnb_db.db", Rows: 999999, Torn: "from byte 4711 on"},
		Settled:  3, Total: 23,
		Counts: map[verify.Kind]int{verify.OnlyA: 2, verify.Changed: 21}, Tables: map[string]int{"ACL": 21, "NB_Global": 1, "Port_Group": 1},
		Differences: []verify.Difference{
			{Kind: verify.OnlyA, Table: "ACL", UUID: termOneID, Columns: []verify.Column{{Column: "match", A: []string{hostile}, B: []string{}}}},
			{Kind: verify.Changed, Table: "NB_Global", UUID: termTwoID, Columns: []verify.Column{{Column: "external_ids", A: []string{`"ovndb-servers:beat"="7"`}, B: []string{}, Marker: true}}},
		},
	}
}

func TestComparisonsInEveryFormat(t *testing.T) {
	t.Parallel()
	differs := exampleComparison()
	same := verify.Result{
		Database: "OVN_Southbound", Same: true, A: differs.A, B: verify.Description{Address: "unix:/run/ovn/ovnsb_db.sock", SchemaVersion: "20.41.0", Rows: 5},
		Counts: map[verify.Kind]int{}, Tables: map[string]int{}, Differences: []verify.Difference{},
	}
	all := verifiedAll{Schema: verifyAllSchema, Node: "node1", Resource: "ovndb_servers", Active: "node2", Copies: []verifiedCopy{
		{Node: "node1", Database: "OVN_Northbound", State: stateDiffers, Result: &differs},
		{Node: "node1", Database: "OVN_Southbound", State: stateSame, Result: &same},
		{Node: "node2", Database: "OVN_Northbound", State: stateActive},
		{Node: "node3", Database: "OVN_Northbound", State: stateNotListening, Reason: "a backup listens for no other node; on node3: ovndb-servers verify --all"},
		{Node: "node4", Database: "OVN_Northbound", State: stateUnreachable, Reason: hostile},
	}}
	for _, format := range []string{outputTable, outputJSON, outputYAML} {
		var b strings.Builder
		o := verifyOptions{output: outputFlag{format: format}}
		if code := codeOf(writeVerified(screen{out: &b}, differs, o)); code != exitDegraded {
			t.Errorf("%s of copies that differ: code %d", format, code)
		}
		wantGolden(t, "verify-"+format, b.String())
		b.Reset()
		if code := codeOf(writeVerified(screen{out: &b}, same, o)); code != exitHealthy {
			t.Errorf("%s of copies that are the same: code %d", format, code)
		}
		wantGolden(t, "verify-same-"+format, b.String())
		b.Reset()
		if err := writeResult(screen{out: &b}, all, format); err != nil {
			t.Fatal(err)
		}
		wantGolden(t, "verify_all-"+format, b.String())
	}
}

func TestStatusInTheFormatOfPrometheus(t *testing.T) {
	t.Parallel()
	r := report{metrics: metrics.Snapshot{
		Resource: "ovndb_servers", Node: "node1", Version: "1.2", At: time.UnixMilli(1_700_000_000_500), State: replication.StateActive, Healthy: true,
		RecordTerm: metrics.Known(7), RecordMembers: metrics.Known(2), Score: metrics.Known(100), NorthdRunning: metrics.Known(1),
		Databases: []metrics.Database{{
			Name: "OVN_Northbound", Role: replication.ConditionActive, Writable: true, Term: metrics.Known(7), Current: metrics.Known(1),
			Measures: metrics.Measures{FileSize: metrics.Known(14503), Sessions: metrics.Known(4), Snapshots: metrics.Known(0)},
		}},
	}}
	var b strings.Builder
	if err := writeStatus(screen{out: &b, colour: true}, r, statusOptions{output: outputFlag{format: outputPrometheus}}); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "status-prometheus", b.String())
}

func TestEventsInEveryFormat(t *testing.T) {
	t.Parallel()
	events := []agentEvent{
		{Time: "2026-03-04T04:10:00.500Z", Node: "node1", Database: "OVN_Northbound", Event: "died", Level: "WARNING", Detail: "the server has died: it is restarted in place"},
		{Time: "2026-03-04T04:10:00.600Z", Node: "node1", Event: "promote", Level: "INFO", Detail: "promote action=promote elapsed=1s rc=ok"},
		{Time: "2026-03-04T04:10:02.000Z", Event: "gave-up", Level: "ERROR", Detail: hostile},
	}
	for _, row := range []struct {
		name, format string
		colour       bool
	}{{"events-table", outputTable, false}, {"events-colour", outputTable, true}, {"events-json", outputJSON, true}} {
		var b strings.Builder
		o := eventsOptions{output: outputFlag{format: row.format}}
		if err := o.write(screen{out: &b, colour: row.colour}, events); err != nil {
			t.Fatal(err)
		}
		wantGolden(t, row.name, b.String())
	}
}
