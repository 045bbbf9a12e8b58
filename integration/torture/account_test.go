package main

import (
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// origin is the beginning of the runs in tests.
var origin = time.Date(2026, 11, 22, 21, 16, 0, 0, time.UTC)

// at returns a time so many seconds after the origin.
func at(seconds float64) time.Time { return origin.Add(time.Duration(seconds * float64(time.Second))) }

// acks returns acknowledgements of rows 1 s, 2 s and so on after the origin.
func acks(names ...string) []ovsdb.Ack {
	var all []ovsdb.Ack
	for i, name := range names {
		all = append(all, ovsdb.Ack{Name: name, At: at(float64(i + 1))})
	}
	return all
}

// having returns a node's copy with rows of those names.
func having(names ...string) nodeCopy {
	one := nodeCopy{Names: map[string]bool{}, Tables: map[string][]string{}}
	for _, name := range names {
		one.Names[name] = true
		one.Tables["Logical_Switch"] = append(one.Tables["Logical_Switch"], name)
	}
	return one
}

// found is evidence of a run in which rows a and b were acknowledged.
func found(first, second nodeCopy, change func(*evidence)) evidence {
	e := evidence{
		Database: ovsdb.Northbound(), Acks: acks("a", "b"), Kept: map[string]bool{},
		Copies: map[string]nodeCopy{"node1": first, "node2": second},
	}
	if change != nil {
		change(&e)
	}
	return e
}

// keeps adds a row to the snapshots.
func keeps(name string, fencing bool, losses ...interval) func(*evidence) {
	return func(e *evidence) {
		e.Kept[name], e.Fencing, e.PowerLosses = true, fencing, losses
	}
}

func TestAccountOfRows(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		evidence evidence
		// wrong is a part of the only problem; empty if there must be none.
		wrong string
	}{
		"on all nodes":                            {found(having("a", "b"), having("a", "b"), nil), ""},
		"and rows that were not acknowledged":     {found(having("a", "b", "c"), having("a", "b", "c"), nil), ""},
		"nowhere":                                 {found(having("a"), having("a"), nil), "1 acknowledged rows are gone: b"},
		"in a snapshot, without fencing":          {found(having("a"), having("a"), keeps("b", false)), ""},
		"in a snapshot, with fencing":             {found(having("a"), having("a"), keeps("b", true)), "in snapshots alone"},
		"in a snapshot, lost with the power":      {found(having("a"), having("a"), keeps("b", true, interval{at(1.5), at(3)})), ""},
		"in a snapshot, of another time":          {found(having("a"), having("a"), keeps("b", true, interval{at(2.5), at(3)})), "in snapshots alone"},
		"the other one is in a snapshot":          {found(having("a"), having("a"), keeps("a", false)), "1 acknowledged rows are gone: b"},
		"on one node, whatever the snapshots":     {found(having("a", "b"), having("a"), keeps("b", false)), "not on all nodes"},
		"on all nodes, that differ in other ones": {found(having("a", "b"), having("a", "b", "c"), nil), "the copies differ"},
	} {
		got := one.evidence.account().problems()
		switch {
		case one.wrong == "" && len(got) > 0:
			t.Errorf("%s: problems %q, want none", name, got)
		case one.wrong != "" && !strings.Contains(strings.Join(got, "\n"), one.wrong):
			t.Errorf("%s: problems %q, want one with %q", name, got, one.wrong)
		}
	}
}

func TestCopiesThatDifferInATableThatOnlyOneHas(t *testing.T) {
	t.Parallel()
	a, b := having("a", "b"), having("a", "b")
	b.Tables["ACL"] = []string{"rule"}
	got := found(a, b, nil).account().Differences
	if len(got) != 1 || !strings.Contains(got[0], "ACL: 0 rows only on node1, 1 only on node2 (rule)") {
		t.Errorf("differences %q, want the row of ACL", got)
	}
}

const dump = `{"caption":"Connection table","headings":["_uuid","target"],"data":[[["uuid","1"],"ptcp:6641:198.18.201.11"]]}
{"caption":"Logical_Switch table","headings":["_uuid","name","ports"],"data":[[["uuid","3"],"b",["set",[]]],[["uuid","2"],"a",["set",[]]]]}

{"caption":"NB_Global table","headings":["_uuid","connections","nb_cfg"],"data":[[["uuid","4"],["uuid","1"],7]]}
`

func TestDumpIsReadWithoutTheAgentsConnections(t *testing.T) {
	t.Parallel()
	got, err := parseDump(strings.NewReader(dump), "Logical_Switch")
	if err != nil {
		t.Fatal(err)
	}
	if !got.Names["a"] || !got.Names["b"] || len(got.Names) != 2 {
		t.Errorf("names %v, want a and b", got.Names)
	}
	want := map[string]string{
		"Connection": "", "Logical_Switch": `_uuid=["uuid","2"] name="a" |_uuid=["uuid","3"] name="b" `, "NB_Global": `_uuid=["uuid","4"] nb_cfg=7 `,
	}
	for table, rows := range want {
		if text := strings.Join(got.Tables[table], "|"); text != rows {
			t.Errorf("%s is %q, want %q", table, text, rows)
		}
	}
}

func TestDumpThatIsCutOffIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := parseDump(strings.NewReader(dump[:200]), "Logical_Switch"); err == nil {
		t.Error("a dump that is cut off is read")
	}
}

func TestOutagesAreTheTimesBetweenAcknowledgements(t *testing.T) {
	t.Parallel()
	rows := []ovsdb.Ack{{Name: "0", At: at(-1)}, {Name: "1", At: at(1)}, {Name: "2", At: at(1.2)}, {Name: "3", At: at(5)}, {Name: "4", At: at(12)}}
	got := outages(rows, interval{at(0), at(10)}, time.Second)
	want := []interval{{at(0), at(1)}, {at(1.2), at(5)}, {at(5), at(10)}}
	if len(got) != len(want) {
		t.Fatalf("outages %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("outage %d is %v, want %v", i, got[i], want[i])
		}
	}
	if most := longest(got); most != want[2] {
		t.Errorf("the longest is %v, want %v", most, want[2])
	}
}

func TestPowerLossesAreThoseOfFaultsAndOfFencing(t *testing.T) {
	t.Parallel()
	j := &journal{
		occurrences: []occurrence{
			{Fault: fault{Kind: powerLoss}, Began: at(10), Ended: at(20)},
			{Fault: fault{Kind: freeze}, Began: at(40), Ended: at(50)},
			{Fault: fault{Kind: partition}, Began: at(100), Ended: at(110)},
			{Fault: fault{Kind: killServer}, Began: at(300), Ended: at(301)},
			{Fault: fault{Kind: cutReplication}, Began: at(400), Ended: at(440)},
			{Fault: fault{Kind: powerLoss}, Began: at(430), Ended: at(450)},
			{Fault: fault{Kind: cutReplication}, Began: at(500), Ended: at(510)},
		},
		fencings: []fencing{{"node1", at(115)}},
	}
	losses := j.powerLosses()
	for second, want := range map[float64]bool{9: true, 15: true, 45: false, 105: true, 114: true, 200: false, 300: false, 399: false, 405: true, 445: true, 505: false} {
		got := false
		for _, one := range losses {
			got = got || one.holds(at(second))
		}
		if got != want {
			t.Errorf("at %.0f s a row may be lost with the power: %t, want %t", second, got, want)
		}
	}
}

func TestRowsOfSnapshotsAreThoseThatTheLiveDatabaseLacks(t *testing.T) {
	t.Parallel()
	var shown comparison
	shown.Differences = append(shown.Differences, difference("missing", "Logical_Switch", `"a"`), difference("added", "Logical_Switch", `"b"`),
		difference("missing", "ACL", `"c"`), difference("missing", "Logical_Switch", "d"))
	if got := strings.Join(shown.missing("Logical_Switch"), " "); got != "a d" {
		t.Errorf("rows %q, want a and d", got)
	}
}

// difference is a row of the output of snapshots show.
func difference(kind, table, name string) shownRow {
	return shownRow{Kind: kind, Table: table, Columns: []shownColumn{{Column: "name", Snapshot: []string{name}}}}
}
