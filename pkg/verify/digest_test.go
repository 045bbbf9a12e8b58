package verify_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/verify"
)

// digestOf returns the content of a database file besides the tables that every node has rows of its own in.
func digestOf(tb testing.TB, path string) (verify.Content, error) {
	tb.Helper()
	return digestBesides(tb.Context(), tb, path, "NB_Global", "Connection")
}

func digestBesides(ctx context.Context, tb testing.TB, path string, ignore ...string) (verify.Content, error) {
	tb.Helper()
	file, err := ovsdbfile.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return verify.DigestFile(ctx, file, info.Size(), ignore...)
}

func mustDigest(tb testing.TB, path string) verify.Content {
	tb.Helper()
	content, err := digestOf(tb, path)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

func compact(tb testing.TB, server *ovsdbctltest.Server) {
	tb.Helper()
	if _, err := (ovsdbctl.Unixctl{Socket: server.ControlSocket}).Call(tb.Context(), "ovsdb-server/compact"); err != nil {
		tb.Fatal(err)
	}
}

func TestFilesOfAllFormsWithTheSameRowsHaveTheSameDigest(t *testing.T) {
	t.Parallel()
	active := newHistory(t)
	want := mustDigest(t, active.File)
	if want.Rows != 598 || len(want.Digest) != 64 {
		t.Fatalf("the active has %+v", want)
	}
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	ovsdbctltest.Await(t, "the backup has copied all", func(context.Context) bool { return mustDigest(t, backup.File).Rows == want.Rows })
	forms := map[string]string{"a backup": backup.File}
	differ := func(when string) {
		t.Helper()
		for name, path := range forms {
			if got := mustDigest(t, path); got != want {
				t.Errorf("%s, %s has %+v, and the active has %+v", when, name, got, want)
			}
		}
	}
	differ("after the copy")
	transact(t, active, `{"op":"mutate","table":"Logical_Switch_Port","where":[["name","==","port7"]],"mutations":[["addresses","insert","z"],["options","delete",["set",["k"]]]]}`)
	if got := mustDigest(t, active.File); got.Digest == want.Digest || got.Rows != want.Rows {
		t.Errorf("after a change of one row the active has %+v, and had %+v", got, want)
	}
	want = mustDigest(t, active.File)
	ovsdbctltest.Await(t, "the backup follows", func(context.Context) bool { return mustDigest(t, backup.File) == want })
	compacted := startCopy(t, active)
	compact(t, compacted)
	forms["a compacted copy"] = compacted.File
	differ("after a change and a compaction")
	compact(t, active)
	forms["the compacted active"] = active.File
	differ("after two compactions")
}

// A cluster takes over with nodes of different packages: another schema has more tables and columns.
func TestDigestOfAFileThatWasConvertedIsTheSame(t *testing.T) {
	t.Parallel()
	server := newHistory(t)
	want := mustDigest(t, server.File)
	store, err := server.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	schema, err := store.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newer, err := ovsdbctl.ParseSchema(withMore(t, schema.Text))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Convert(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if got := mustDigest(t, server.File); got != want {
		t.Errorf("the converted file has %+v, and had %+v", got, want)
	}
}

// withMore returns a schema with one more table, and one more column of a table with rows.
func withMore(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var schema struct {
		Name    string                    `json:"name"`
		Version string                    `json:"version"`
		Tables  map[string]map[string]any `json:"tables"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&schema); err != nil {
		tb.Fatal(err)
	}
	schema.Tables["Newer"] = map[string]any{"columns": map[string]any{"a": map[string]string{"type": "string"}}}
	schema.Tables["Logical_Switch_Port"]["columns"].(map[string]any)["newer"] = map[string]string{"type": "boolean"}
	text, err := json.Marshal(schema)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

const (
	rowA = "00000001-1111-4111-8111-111111111111"
	rowB = "ff000001-1111-4111-8111-111111111111"
)

// writeFile writes a northbound database of transactions.
func writeFile(tb testing.TB, transactions ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "db")
	ovsdbctltest.Create(tb, ovsdbctl.Northbound(), path)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, text := range transactions {
		text += "\n"
		if _, err := fmt.Fprintf(file, "OVSDB JSON %d %x\n%s", len(text), sha1.Sum([]byte(text)), text); err != nil {
			tb.Fatal(err)
		}
	}
	return path
}

func set(id, columns string) string { return `{"Address_Set":{"` + id + `":{` + columns + `}}}` }

func TestDigestDependsOnRowsAlone(t *testing.T) {
	t.Parallel()
	base := []string{set(rowA, `"name":"a","addresses":["set",["1","2"]],"external_ids":["map",[["k","v"],["l","w"]]]`), set(rowB, `"name":"b"`)}
	want := mustDigest(t, writeFile(t, base...))
	if want.Rows != 2 || want.Digest == "" {
		t.Fatalf("got %+v", want)
	}
	for name, transactions := range map[string][]string{
		"the other order":            {base[1], base[0]},
		"one transaction":            {`{"Address_Set":{"` + rowB + `":{"name":"b"},"` + rowA + `":{"external_ids":["map",[["l","w"],["k","v"]]],"addresses":["set",["2","1"]],"name":"a"}},"_date":1}`},
		"initial values in the text": {base[0], set(rowB, `"name":"b","addresses":["set",[]],"external_ids":["map",[]]`)},
		"differences":                {set(rowA, `"name":"x","addresses":["set",["1","3"]],"external_ids":["map",[["k","u"],["gone",""]]]`), base[1], `{"_is_diff":true,"Address_Set":{"` + rowA + `":{"name":"a","addresses":["set",["3","2"]],"external_ids":["map",[["k","v"],["l","w"],["gone",""]]]}}}`},
		"a row that came and went":   {base[0], base[1], `{"Address_Set":{"00000002-1111-4111-8111-111111111111":{"name":"c"}}}`, `{"Address_Set":{"00000002-1111-4111-8111-111111111111":null}}`},
		"rows of ignored tables":     {base[0], base[1], `{"NB_Global":{"` + rowA + `":{"nb_cfg":7}},"Connection":{"` + rowB + `":{"target":"ptcp:"}}}`},
		"a version of a row":         {base[0], set(rowB, `"name":"b","_version":["uuid","`+rowA+`"]`)},
	} {
		if got := mustDigest(t, writeFile(t, transactions...)); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for name, transactions := range map[string][]string{
		"another UUID":      {base[0], set("ff000002-1111-4111-8111-111111111111", `"name":"b"`)},
		"values exchanged":  {strings.Replace(base[0], rowA, rowB, 1), strings.Replace(base[1], rowB, rowA, 1)},
		"another element":   {set(rowA, `"name":"a","addresses":["set",["1","3"]],"external_ids":["map",[["k","v"],["l","w"]]]`), base[1]},
		"another pair":      {set(rowA, `"name":"a","addresses":["set",["1","2"]],"external_ids":["map",[["k","w"],["l","v"]]]`), base[1]},
		"another table":     {base[0], `{"Port_Group":{"` + rowB + `":{"name":"b"}}}`},
		"one row less":      base[:1],
		"a third empty row": {base[0], base[1], `{"Address_Set":{"00000002-1111-4111-8111-111111111111":{}}}`},
	} {
		if got := mustDigest(t, writeFile(t, transactions...)); got.Digest == want.Digest || got.Digest == "" {
			t.Errorf("%s: %+v, and the other file has %+v", name, got, want)
		}
	}
}

func TestSameRowsInAnotherTableHaveAnotherDigest(t *testing.T) {
	t.Parallel()
	one := set(rowA, `"name":"a"`)
	other := strings.Replace(one, "Address_Set", "Port_Group", 1)
	if a, b := mustDigest(t, writeFile(t, one)), mustDigest(t, writeFile(t, other)); a == b {
		t.Errorf("both are %+v", a)
	}
}

func TestDigestOfNoRowsIsEmpty(t *testing.T) {
	t.Parallel()
	for _, transactions := range [][]string{nil, {`{"NB_Global":{"` + rowA + `":{}},"Connection":{"` + rowB + `":{"target":"ptcp:"}}}`}} {
		if got := mustDigest(t, writeFile(t, transactions...)); got != (verify.Content{}) {
			t.Errorf("%q: %+v", transactions, got)
		}
	}
}

func TestEphemeralColumnsHaveNoDigest(t *testing.T) {
	t.Parallel()
	var digests []verify.Content
	for _, connected := range []string{"true", "false"} {
		path := writeFile(t, `{"Connection":{"`+rowA+`":{"target":"ptcp:","is_connected":`+connected+`}}}`)
		content, err := digestBesides(t.Context(), t, path)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, content)
	}
	if digests[0] != digests[1] || digests[0].Rows != 1 {
		t.Errorf("got %+v", digests)
	}
}

func TestDigestOfATornFileIsThatOfTheRecordsBefore(t *testing.T) {
	t.Parallel()
	path := writeFile(t, set(rowA, `"name":"a"`), set(rowB, `"name":"b"`))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-3); err != nil {
		t.Fatal(err)
	}
	if got, want := mustDigest(t, path), mustDigest(t, writeFile(t, set(rowA, `"name":"a"`))); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if got, err := digestOf(t, path); !errors.Is(err, ovsdbfile.ErrTorn) {
		t.Errorf("with half a schema: %+v, %v", got, err)
	}
}

func TestDigestThatIsCutShortIsAnError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := digestBesides(ctx, t, writeFile(t, set(rowA, `"name":"a"`))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := digestOf(t, writeFile(t, set(rowA, `"name":["no","value"]`))); !errors.Is(err, ovsdbctl.ErrProtocol) {
		t.Errorf("of a value that is none: %+v, %v", got, err)
	}
}
