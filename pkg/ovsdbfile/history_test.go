package ovsdbfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

func openHistory(t *testing.T, path, row string) *ovsdbfile.History {
	t.Helper()
	h, err := ovsdbfile.OpenHistory(path, ovsdbfile.HistoryOptions{GlobalTables: []string{"Other", globalTable}, Key: beat, Row: row})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// entries returns the entries up to the end, and the error that ends them.
func entries(t *testing.T, h *ovsdbfile.History) (all []ovsdbfile.Entry, err error) {
	t.Helper()
	for {
		e, err := h.Next(t.Context())
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
}

// described is an entry in short: rows written and deleted by table, comment, and the beat after it.
func described(e ovsdbfile.Entry) string {
	if e.Schema != "" {
		return e.Schema + " " + e.SchemaVersion
	}
	var words []string
	for _, table := range []string{globalTable, "Item"} {
		if c, found := e.Tables[table]; found {
			words = append(words, fmt.Sprintf("%s+%d-%d", table, c.Written, c.Deleted))
		}
	}
	words = append(words, "beat="+e.Before[beat]+">"+e.After[beat])
	for _, fact := range []struct {
		word  string
		holds bool
	}{{"emptied", e.Emptied}, {"compacted", e.Compacted}, {"row", e.HasRow}} {
		if fact.holds {
			words = append(words, fact.word)
		}
	}
	if e.Comment != "" {
		words = append(words, fmt.Sprintf("%q", e.Comment))
	}
	return strings.Join(words, " ")
}

func wantEntries(t *testing.T, got []ovsdbfile.Entry, want ...string) {
	t.Helper()
	var texts []string
	for _, e := range got {
		texts = append(texts, described(e))
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestHistoryNamesTablesCommentsKeysAndTimes(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Second)
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal(beat, "1", "other", "x"), op{"op": "comment", "comment": "first\nwords"})
	c.transact(t, insertItem("a"), insertItem("b"))
	c.transact(t, setID(beat, "2"), deleteItem("a"))
	h := openHistory(t, s.file, "")
	got, err := entries(t, h)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	wantEntries(t, got, "Small 1.0.0", `Small_Global+1-0 beat=>1 "first\nwords"`, "Item+2-0 beat=1>1", "Small_Global+1-0 Item+0-1 beat=1>2")
	if tables := h.Tables(); !slices.Equal(tables, []string{"Item", "Small_Global"}) {
		t.Errorf("tables are %q", tables)
	}
	size := int64(0)
	for _, e := range got {
		if e.Offset != size || e.Schema == "" && (e.Date.Before(began) || e.Date.After(time.Now())) {
			t.Errorf("offset %d, want %d; date %s", e.Offset, size, e.Date)
		}
		size += e.Size
	}
	info, err := os.Stat(s.file)
	if err != nil || info.Size() != size {
		t.Errorf("entries have %d bytes, the file %d (%v)", size, info.Size(), err)
	}
}

func TestHistoryGoesOnWithWhatIsAppendedAndWithACompactedFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal(beat, "1"))
	h := openHistory(t, s.file, "")
	if _, err := entries(t, h); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	c.transact(t, insertItem("a"))
	if replaced, err := h.Advance(); err != nil || replaced {
		t.Fatal(replaced, err)
	}
	got, _ := entries(t, h)
	wantEntries(t, got, "Item+1-0 beat=1>1")
	s.command(t, "ovsdb-server/compact")
	if replaced, err := h.Advance(); err != nil || !replaced {
		t.Fatal(replaced, err)
	}
	got, _ = entries(t, h)
	wantEntries(t, got, "Small 1.0.0", `Small_Global+1-0 Item+1-0 beat=>1 compacted "compacting database online"`)
}

func TestHistoryOfABackupShowsItsResync(t *testing.T) {
	t.Parallel()
	active := start(t)
	c := active.open(t)
	c.transact(t, insertGlobal(beat, "1"), insertItem("a"))
	follower := backup(t, active)
	follower.awaitReplicating(t)
	follower.stop(t)
	got, err := entries(t, openHistory(t, follower.file, ""))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	wantEntries(t, got, "Small 1.0.0", "Small_Global+1-0 Item+1-0 beat=>1")
	again := startOn(t, follower.file, "--sync-from=unix:"+active.socket)
	again.awaitReplicating(t)
	got, err = entries(t, openHistory(t, follower.file, ""))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	wantEntries(t, got[2:], "Small_Global+0-1 Item+0-1 beat=1> emptied", "Small_Global+1-0 Item+1-0 beat=>1")
}

func TestHistoryFindsTheRecordsOfARow(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal(), insertItem("a"))
	inserted := c.transact(t, insertItem("b"))
	c.transact(t, insertItem("c"))
	c.transact(t, deleteItem("b"))
	var id []string
	if err := json.Unmarshal(inserted[0]["uuid"], &id); err != nil {
		t.Fatal(err)
	}
	got, _ := entries(t, openHistory(t, s.file, id[1]))
	wantEntries(t, got, "Small 1.0.0", "Small_Global+1-0 Item+1-0 beat=>", "Item+1-0 beat=> row", "Item+1-0 beat=>", "Item+0-1 beat=> row")
	if _, err := ovsdbfile.OpenHistory(s.file, ovsdbfile.HistoryOptions{Row: "b"}); err == nil {
		t.Error("a row without a UUID is accepted")
	}
}

func TestHistoryEndsWhereAFileIsTorn(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal(beat, "1"))
	c.transact(t, insertItem("a"))
	s.stop(t)
	info, err := os.Stat(s.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.file, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	got, err := entries(t, openHistory(t, s.file, ""))
	torn := new(ovsdbfile.TornError)
	if !errors.As(err, &torn) || !torn.Incomplete {
		t.Errorf("it ends with %v", err)
	}
	wantEntries(t, got, "Small 1.0.0", "Small_Global+1-0 beat=>1")
}
