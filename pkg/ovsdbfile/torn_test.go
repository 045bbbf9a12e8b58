package ovsdbfile_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

// records reads all records of data, and the error at their end.
func records(data []byte) ([]ovsdbfile.Record, error) {
	reader := ovsdbfile.NewReader(strings.NewReader(string(data)))
	var all []ovsdbfile.Record
	for {
		record, err := reader.Next()
		if err != nil {
			return all, err
		}
		all = append(all, record)
	}
}

// countTransactions returns how many transactions a file has. The schema is none.
func countTransactions(tb testing.TB, path string) int {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	all, err := records(data)
	if !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	return len(all) - 1
}

// realFile returns the file of a server after some transactions, and the offsets of its
// records.
func realFile(tb testing.TB) (data []byte, offsets []int64) {
	tb.Helper()
	s := start(tb)
	c := s.open(tb)
	fill(tb, c, 3)
	c.transact(tb, setID("lineage", "a \"value\" with \\ é"), insertItem("last"))
	data, err := os.ReadFile(s.file)
	if err != nil {
		tb.Fatal(err)
	}
	all, err := records(data)
	if !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	for _, record := range all {
		offsets = append(offsets, record.Offset)
	}
	return data, offsets
}

func TestSummaryOfAFileCutAnywhereInItsLastTwoRecordsKeepsTheRest(t *testing.T) {
	t.Parallel()
	data, offsets := realFile(t)
	last := len(offsets) - 1
	path := filepath.Join(t.TempDir(), "cut.db")
	for cut := offsets[last-1]; cut <= int64(len(data)); cut++ {
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		changes, good := 2, offsets[last-1]
		if cut >= offsets[last] {
			changes, good = 3, offsets[last]
		}
		if cut == int64(len(data)) {
			changes, good = 5, cut
		}
		got := summarize(t, path)
		if got.ChangesAfterKey != changes || got.Size != good {
			t.Errorf("cut at %d: %d changes, %d bytes, want %d, %d", cut, got.ChangesAfterKey, got.Size, changes, good)
		}
		if clean := cut == good; clean != (got.Torn == nil) {
			t.Errorf("cut at %d: Torn = %v", cut, got.Torn)
		}
		if got.Torn != nil && (got.Torn.Offset != good || !got.Torn.Incomplete || got.Torn.Path != path) {
			t.Errorf("cut at %d: Torn = %+v, want it incomplete at %d", cut, got.Torn, good)
		}
	}
}

func TestSummaryOfAFileWithAFlippedBitStopsBeforeThatRecord(t *testing.T) {
	t.Parallel()
	data, offsets := realFile(t)
	from, to := offsets[len(offsets)-2], offsets[len(offsets)-1]
	path := filepath.Join(t.TempDir(), "flipped.db")
	for i := from; i < to; i++ {
		data[i] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		data[i] ^= 1
		got := summarize(t, path)
		if got.Torn == nil || got.Torn.Offset != from || got.Size != from || got.ChangesAfterKey != 2 {
			t.Errorf("flipped at %d: %d changes, %d bytes, Torn = %v, want 2, %d", i, got.ChangesAfterKey, got.Size, got.Torn, from)
		}
		if !errors.Is(got.Torn, ovsdbfile.ErrTorn) {
			t.Errorf("%v is not ErrTorn", got.Torn)
		}
	}
}

func TestSummaryStopsAtARecordThatIsUndamagedButInvalid(t *testing.T) {
	t.Parallel()
	row := func(table, id, value string) string { return fmt.Sprintf(`{%q:{%q:%s}}`, table, id, value) }
	const one, two, three = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
	tests := map[string]struct {
		text  string
		items int
	}{
		"deletes a row that never existed": {row("Item", two, "null"), 2},
		"deletes a row of an other table":  {row(globalTable, one, "null"), 2},
		"unknown table":                    {row("Other", two, "{}"), 2},
		"a second schema":                  {`{"name":"Small","version":"1.0.0","cksum":"1 2","tables":{}}`, 2},
		"row without UUID":                 {row("Item", "two", "{}"), 2},
		"row with too long a UUID":         {row("Item", two+"0", "{}"), 2},
		"row is a string":                  {row("Item", two, `"x"`), 2},
		"table is null":                    {`{"Item":null}`, 2},
		"table is an array":                {`{"Item":[]}`, 2},
		"date is a string":                 {`{"_date":"1"}`, 2},
		"date is not an integer":           {`{"_date":1.5}`, 2},
		"external_ids is a set":            {row(globalTable, two, `{"external_ids":["set",[]]}`), 2},
		"external_ids is a string":         {row(globalTable, two, `{"external_ids":"x"}`), 2},
		"external_ids has a lone key":      {row(globalTable, two, `{"external_ids":["map",[["x"]]]}`), 2},
		"external_ids has a third part":    {row(globalTable, two, `{"external_ids":["map",[],[]]}`), 2},
		"array":                            {`[]`, 2},
		"no JSON":                          {`{"Item":{}`, 2},
		"more than JSON":                   {`{"Item":{}}{}`, 2},
		"bad number":                       {row("Item", two, `{"name":01}`), 2},
		"bad word":                         {`{"Item":nil}`, 2},
		"good: nothing":                    {`{}`, 3},
		"good: white space":                {" {\n\t\"Item\" : { \"" + two + "\" :\r{ } } , \"_date\":-1 } \n", 4},
		"good: date in seconds":            {`{"_date":1500000000,"Item":{"` + two + `":{}}}`, 4},
		"good: diff after its table":       {`{"Item":{"` + two + `":{"name":"x"}},"_is_diff":true}`, 4},
		"good: escaped name":               {`{"It\u0065m":{"` + two + `":{}}}`, 4},
		"good: upper-case UUID":            {`{"Item":{"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE":{}}}`, 4},
		"good: global row without columns": {row(globalTable, two, "{}"), 3},
	}
	start := smallFile(t) + record(row("Item", one, "{}")) + record(fmt.Sprintf(`{"Item":{%q:{}}}`, "44444444-4444-4444-8444-444444444444"))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, start+record(test.text)+record(row("Item", three, "{}")))
			got := summarize(t, path)
			if got.Rows != test.items {
				t.Errorf("Rows = %d, want %d", got.Rows, test.items)
			}
			torn := test.items == 2
			if offset := int64(len(start)); torn && (got.Torn == nil || got.Torn.Offset != offset || got.Torn.Incomplete) {
				t.Errorf("Torn = %+v, want it at %d", got.Torn, offset)
			}
			if !torn && got.Torn != nil {
				t.Errorf("Torn = %v", got.Torn)
			}
			// A server passes over a record that it cannot apply, until it writes and loses
			// the rest: see the next test. It accepts and refuses the others as we do.
			if passedOver := torn && isObject(test.text); !passedOver {
				if items := startOn(t, path).open(t).items(t); items != test.items {
					t.Errorf("the server has %d items, want %d", items, test.items)
				}
			}
		})
	}
}

// The server's own next write shows that records after such a one are no reliable content:
// the server reads them, but overwrites them from the middle.
func TestSummaryStopsWhereTheServerStopsAfterItsNextRestart(t *testing.T) {
	t.Parallel()
	start := smallFile(t) + record(`{"Item":{"11111111-1111-4111-8111-111111111111":{}}}`)
	path := writeFile(t, start+record(`{"Item":null}`)+record(`{"Item":{"22222222-2222-4222-8222-222222222222":{}}}`))
	before := summarize(t, path)
	s := startOn(t, path)
	s.open(t).transact(t, insertItem("written"))
	s.stop(t)
	after := summarize(t, path)
	for _, got := range []ovsdbfile.Summary{before, after} {
		if got.Size != int64(len(start)) || got.Rows != 1 || got.Torn == nil {
			t.Errorf("%+v, want 1 record in %d bytes", got, len(start))
		}
	}
	if items := startOn(t, path).open(t).items(t); items != 1 {
		t.Errorf("after a restart the server has %d items, want 1", items)
	}
}

func TestSummaryAppliesWholeValuesOfFilesWithoutDifferences(t *testing.T) {
	t.Parallel()
	const row = `{"_date":1600000000123,"Small_Global":{"11111111-1111-4111-8111-111111111111":{"external_ids":%s}}}`
	file := smallFile(t)
	for _, ids := range []string{
		`["map",[["beat","1"],["x","y"]]]`, `["map",[["beat","1"],["x","z"]]]`, `["map",[["beat","2"]]]`, `["map",[["beat","2"]]]`,
	} {
		file += record(fmt.Sprintf(row, ids))
	}
	path := writeFile(t, file)
	got := summarize(t, path)
	if diff := cmp.Diff(map[string]string{beat: "2"}, got.Global); diff != "" || got.ChangesAfterKey != 1 {
		t.Errorf("%d changes after the key, want 1; Global (-want +got):\n%s", got.ChangesAfterKey, diff)
	}
	if diff := cmp.Diff(startOn(t, path).open(t).global(t), got.Global); diff != "" {
		t.Errorf("Global (-server +file):\n%s", diff)
	}
}
