package ovsdbfile_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbfile"
)

const (
	first  = "00000001-1111-4111-8111-111111111111"
	second = "00000002-1111-4111-8111-111111111111"
)

// indexed returns the rows of the table Item in a file of records after the schema, as text.
func indexed(t *testing.T, data string) (rows []string, torn *ovsdbfile.TornError, err error) {
	t.Helper()
	file, err := os.Open(writeFile(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	index, err := ovsdbfile.IndexRows(t.Context(), file, int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	for _, id := range index.IDs("Item") {
		values, err := index.Values("Item", id)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%x:", id[3])
		for _, value := range values {
			text += fmt.Sprintf(" %s %v", value.JSON, value.Diff)
		}
		rows = append(rows, text)
	}
	return rows, index.Torn, nil
}

func TestRowsAreFoundWithTheirChanges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	good := smallFile(t) + record(`{"_date":1,"Item":{"`+second+`":{"name":"b"},"`+first+`":{"name":"`+long+`"}},"Small_Global":{}}`)
	for _, row := range []struct {
		name, data string
		want       []string
		torn       bool
	}{
		{"no row", smallFile(t), nil, false},
		{"inserted", good, []string{`1: {"name":"` + long + `"} false`, `2: {"name":"b"} false`}, false},
		{"a change of values", good + record(`{"Item":{"`+second+`": {"tags":"c"}}}`), []string{`1: {"name":"` + long + `"} false`, `2: {"name":"b"} false {"tags":"c"} false`}, false},
		{"a difference, which is said at the end", good + record(`{"Item":{"`+second+`":{"tags":"c"}},"_is_diff":true}`), []string{`1: {"name":"` + long + `"} false`, `2: {"name":"b"} false {"tags":"c"} true`}, false},
		{"deleted", good + record(`{"Item":{"`+first+`":null}}`), []string{`2: {"name":"b"} false`}, false},
		{"deleted and inserted again", good + record(`{"Item":{"`+first+`":null}}`) + record(`{"_is_diff":true,"Item":{"`+first+`":{"name":"d"}}}`), []string{`1: {"name":"d"} false`, `2: {"name":"b"} false`}, false},
		{"a torn record", good + record(`{"Item":{"` + first + `":null}}`)[:100], []string{`1: {"name":"` + long + `"} false`, `2: {"name":"b"} false`}, true},
		{"a damaged record", good + strings.Replace(record(`{"Item":{"`+first+`":null,"`+second+`":null}}`), "null", "nuII", 1), []string{`1: {"name":"` + long + `"} false`, `2: {"name":"b"} false`}, true},
	} {
		got, torn, err := indexed(t, row.data)
		if err != nil || !slices.Equal(got, row.want) || (torn != nil) != row.torn {
			t.Errorf("%s: got %.200q, torn %v, %v", row.name, got, torn, err)
		}
	}
}

func TestFilesWithoutRowsToFindAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, data string
		want       error
	}{
		{"an empty file", "", ovsdbfile.ErrNotDatabase},
		{"a member of a cluster", "OVSDB CLUSTER 1 x\n", ovsdbfile.ErrClustered},
		{"half a schema", smallFile(t)[:100], ovsdbfile.ErrTorn},
		{"a row that is deleted and was not there", smallFile(t) + record(`{"Item":{"`+first+`":null}}`), ovsdbfile.ErrNotDatabase},
	} {
		if rows, _, err := indexed(t, row.data); !errors.Is(err, row.want) {
			t.Errorf("%s: rows %q, error %v, want %v", row.name, rows, err, row.want)
		}
	}
}
