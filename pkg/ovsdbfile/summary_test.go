package ovsdbfile_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

// summarizeWhole reads the whole file.
func summarizeWhole(ctx context.Context, path string) (ovsdbfile.Summary, error) {
	return follow(path).Advance(ctx)
}

func summarize(tb testing.TB, path string) ovsdbfile.Summary {
	tb.Helper()
	summary, err := summarizeWhole(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	return summary
}

func TestSummaryFollowsTheGlobalRowThroughEveryKindOfChange(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	odd := "quote \" backslash \\ newline \n tab \t nul-free é 漢 🙂 </script>"
	steps := []struct {
		name    string
		ops     []op
		changes int // after the key
	}{
		{"item before any global row", []op{insertItem("a")}, 0},
		{"global row without external_ids", []op{{"op": "insert", "table": globalTable, "row": op{}}}, 0},
		{"another key", []op{setID("other", "1")}, 0},
		{"key added", []op{setID(beat, "1")}, 0},
		{"item", []op{insertItem("b")}, 1},
		{"other key changed", []op{setID("other", odd)}, 2},
		{"other column changed", []op{updateGlobal("cfg", 7)}, 3},
		{"key changed", []op{setID(beat, "2")}, 0},
		{"all replaced, key with the same value", []op{updateGlobal("external_ids", idMap(beat, "2", "third", odd))}, 1},
		{"all replaced, key with another value", []op{updateGlobal("external_ids", idMap(beat, "3", odd, "x"))}, 0},
		{"two items at once", []op{insertItem("c"), insertItem("d")}, 2},
		{"item deleted", []op{deleteItem("a")}, 3},
		{"key removed", []op{removeID(beat)}, 0},
		{"all removed", []op{updateGlobal("external_ids", idMap())}, 1},
		{"key added after it was removed", []op{setID(beat, "3")}, 0},
		{"all removed at once", []op{updateGlobal("external_ids", idMap())}, 0},
		{"key and others added to nothing", []op{updateGlobal("external_ids", idMap(beat, "4", "x", "y"))}, 0},
		{"comment and item", []op{{"op": "comment", "comment": "{\"_date\": 1}"}, insertItem("e")}, 1},
		{"row deleted", []op{deleteGlobal()}, 0},
		{"item without global row", []op{insertItem("f")}, 1},
		{"new row with the key", []op{insertGlobal(beat, "4", "x", "y")}, 0},
		{"item after the new row", []op{insertItem("g")}, 1},
		{"row replaced in one transaction, same value", []op{deleteGlobal(), insertGlobal(beat, "4")}, 0},
		{"row replaced by one without the key", []op{deleteGlobal(), insertGlobal("x", "y")}, 0},
		{"item at last", []op{insertItem("h")}, 1},
	}
	for _, step := range steps {
		c.transact(t, step.ops...)
		got := summarize(t, s.file)
		if diff := cmp.Diff(c.global(t), got.Global); diff != "" {
			t.Errorf("%s: Global (-server +file):\n%s", step.name, diff)
		}
		info, err := os.Stat(s.file)
		if err != nil {
			t.Fatal(err)
		}
		got.Global, got.ChangesWithKey = nil, 0
		want := ovsdbfile.Summary{
			Schema: database, SchemaVersion: "1.0.0", ChangesAfterKey: step.changes,
			Size: info.Size(), Rows: c.items(t),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestSummaryAgreesWithTheServerAfterRandomTransactions(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal())
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		for range 40 {
			c.transact(t, randomOps(random)...)
		}
		got := summarize(t, s.file)
		if diff := cmp.Diff(c.global(t), got.Global); diff != "" {
			t.Fatalf("Global (-server +file):\n%s", diff)
		}
		if items := c.items(t); got.Rows != items || got.Torn != nil {
			t.Fatalf("Rows = %d, Torn = %v, but the server has %d items", got.Rows, got.Torn, items)
		}
	}
}

// randomOps returns operations that always succeed, and often change nothing.
func randomOps(random *rand.Rand) []op {
	var ops []op
	for range 1 + random.IntN(3) {
		key, value := strconv.Itoa(random.IntN(4)), strconv.Itoa(random.IntN(3))
		switch random.IntN(8) {
		case 0:
			ops = append(ops, setID(key, value))
		case 1:
			ops = append(ops, removeID(key))
		case 2:
			ops = append(ops, updateGlobal("external_ids", idMap(key, value, "x"+key, value)))
		case 3:
			ops = append(ops, deleteGlobal(), insertGlobal(key, value))
		case 4:
			ops = append(ops, updateGlobal("cfg", random.IntN(2)))
		case 5:
			ops = append(ops, deleteItem(key))
		case 6:
			ops = append(ops, op{"op": "update", "table": "Item", "where": []any{}, "row": op{"status": value}})
		default:
			ops = append(ops, insertItem(key))
		}
	}
	return ops
}

func TestSummaryCountsChangesOfRowsWithAndAfterTheKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertItem("before"))
	c.transact(t, insertGlobal(beat, "1"), insertItem("with it"))
	c.transact(t, insertItem("a"), insertItem("b"))
	c.transact(t, deleteItem("a"))
	c.transact(t, updateGlobal("cfg", 1), deleteItem("b"), insertItem("c"))
	if got := summarize(t, s.file); got.ChangesAfterKey != 6 || got.ChangesWithKey != 1 {
		t.Errorf("%d changes after and %d with the key, want 6, 1", got.ChangesAfterKey, got.ChangesWithKey)
	}
	s.command(t, "ovsdb-server/compact")
	if got := summarize(t, s.file); got.ChangesAfterKey != 0 || got.ChangesWithKey != got.Rows {
		t.Errorf("after compaction, %+v", got)
	}
}

func TestSummaryAfterCompactionFindsTheSameContentInOneRecord(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	fill(t, c, 20)
	before, transactions := summarize(t, s.file), countTransactions(t, s.file)
	s.command(t, "ovsdb-server/compact")
	after := summarize(t, s.file)
	if compacted := countTransactions(t, s.file); transactions != 21 || compacted != 1 || after.ChangesAfterKey != 0 {
		t.Errorf("%d transactions, then %d with %d changes after the key; want 21, 1, 0", transactions, compacted, after.ChangesAfterKey)
	}
	if diff := cmp.Diff(before.Global, after.Global); diff != "" || after.Rows != before.Rows {
		t.Errorf("%d rows, then %d; Global (-before +after):\n%s", before.Rows, after.Rows, diff)
	}
	c.transact(t, insertItem("after"))
	c.transact(t, setID("other", "2"))
	last := summarize(t, s.file)
	if diff := cmp.Diff(c.global(t), last.Global); diff != "" || last.ChangesAfterKey != 2 || last.Rows != 21 {
		t.Errorf("%d changes after the key, %d rows, want 2, 21; Global (-server +file):\n%s", last.ChangesAfterKey, last.Rows, diff)
	}
}

// fill inserts a global row with a beat, and then items in one transaction each.
func fill(tb testing.TB, c *client, items int) {
	tb.Helper()
	c.transact(tb, insertGlobal(beat, "1", "lineage", "x"))
	for i := range items {
		c.transact(tb, insertItem(name(i)))
	}
}

func TestSummaryOfAFileConvertedToAnotherSchemaStartsOver(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile(smallSchema)
	if err != nil {
		t.Fatal(err)
	}
	newer := []byte(replace(t, string(schema), `"version": "1.0.0"`, `"version": "1.1.0"`))
	newer = []byte(replace(t, string(newer), `"cfg": {"type": "integer"},`, ""))
	convert := map[string]func(t *testing.T, s *server){
		"by the tool": func(t *testing.T, s *server) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "newer.ovsschema")
			if err := os.WriteFile(path, newer, 0o600); err != nil {
				t.Fatal(err)
			}
			s.stop(t)
			tool(t, "convert", s.file, path)
		},
		"by the running server": func(t *testing.T, s *server) {
			t.Helper()
			var nothing map[string]any
			s.open(t).call(t, &nothing, "convert", database, rawJSON(newer))
		},
	}
	for how, convert := range convert {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			fill(t, s.open(t), 5)
			before := summarize(t, s.file)
			convert(t, s)
			got := summarize(t, s.file)
			if got.SchemaVersion != "1.1.0" || got.Torn != nil || got.ChangesAfterKey != 0 || got.ChangesWithKey != 5 || got.Rows != 5 {
				t.Errorf("converted file is %+v", got)
			}
			if diff := cmp.Diff(before.Global, got.Global); diff != "" {
				t.Errorf("Global (-before +after):\n%s", diff)
			}
		})
	}
}

func TestSummaryOfADatabaseWithoutTransactionsIsEmpty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	tool(t, "create", path, smallSchema)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := ovsdbfile.Summary{Schema: database, SchemaVersion: "1.0.0", Size: info.Size()}
	if diff := cmp.Diff(want, summarize(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSummaryOfAFileThatIsNoStandaloneDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	clustered := filepath.Join(dir, "clustered.db")
	tool(t, "create-cluster", clustered, smallSchema, "tcp:127.0.0.1:6643")
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path string
		want error
	}{
		"empty file":      {write("empty", ""), ovsdbfile.ErrNotDatabase},
		"text":            {write("text", "hello\n"), ovsdbfile.ErrNotDatabase},
		"long line":       {write("long", string(make([]byte, 1<<20))), ovsdbfile.ErrNotDatabase},
		"other magic":     {write("other", "OVSDB PROSE 3 0000000000000000000000000000000000000000\n{}\n"), ovsdbfile.ErrNotDatabase},
		"part of magic":   {write("part", "OVSDB JSO"), ovsdbfile.ErrNotDatabase},
		"clustered":       {clustered, ovsdbfile.ErrClustered},
		"directory":       {dir, ovsdbfile.ErrNotDatabase},
		"fifo":            {fifo, ovsdbfile.ErrNotDatabase},
		"missing":         {filepath.Join(dir, "missing"), fs.ErrNotExist},
		"bad header":      {write("header", "OVSDB JSON 12\n"), ovsdbfile.ErrTorn},
		"only a magic":    {write("magic", "OVSDB JSON "), ovsdbfile.ErrTorn},
		"absurd length":   {write("absurd", "OVSDB JSON 99999999999999999 da39a3ee5e6b4b0d3255bfef95601890afd80709\n{"), ovsdbfile.ErrTorn},
		"long header":     {write("longer", "OVSDB JSON "+string(make([]byte, 1<<20))), ovsdbfile.ErrTorn},
		"no schema":       {write("transaction", record(`{"_date":1}`)), ovsdbfile.ErrTorn},
		"cut schema":      {write("cut", record(`{"name":"x","tables":{}}`)[:60]), ovsdbfile.ErrTorn},
		"array as schema": {write("array", record(`["name","tables"]`)), ovsdbfile.ErrTorn},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := summarizeWhole(t.Context(), test.path)
			if !errors.Is(err, test.want) {
				t.Errorf("error is %v, want %v", err, test.want)
			}
			if diff := cmp.Diff(ovsdbfile.Summary{}, got); diff != "" {
				t.Errorf("with an error, a summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummaryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	tool(t, "create", path, smallSchema)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := summarizeWhole(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// Whoever may write rows can write a key or a value of any length.
func TestLongTextOfAClientHidesNoRecordAfterIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	long := strings.Repeat("x\"", 100<<10) // more than is kept
	c.transact(t, insertGlobal(beat, "1"), insertItem("a"))
	for key, value := range map[string]string{"value": long, long: "key"} {
		c.transact(t, setID(key, value))
	}
	c.transact(t, setID(beat, "2"))
	c.transact(t, insertItem("b"))
	got := summarize(t, s.file)
	if got.Torn != nil || got.Global[beat] != "2" || got.ChangesAfterKey != 1 || got.Rows != 2 {
		t.Errorf("torn %v, beat %q, %d changes after it, %d rows", got.Torn, got.Global[beat], got.ChangesAfterKey, got.Rows)
	}
	c.transact(t, setID(beat, long)) // the key itself
	c.transact(t, insertItem("c"))
	if got = summarize(t, s.file); got.Torn != nil || len(got.Global[beat]) > 100 || got.Rows != 3 {
		t.Errorf("torn %v, beat of %d bytes, %d rows", got.Torn, len(got.Global[beat]), got.Rows)
	}
}

func TestOnlyTheKeysOfOneProgramAreKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal("p:beat", "1", "p:other", "2", "q:beat", "3", "beat", "4"))
	summary, err := ovsdbfile.NewFollower(s.file, globalTable, "p:beat").Advance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"p:beat": "1", "p:other": "2"}, summary.Global); diff != "" {
		t.Error(diff)
	}
}
