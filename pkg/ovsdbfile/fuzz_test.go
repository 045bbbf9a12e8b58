package ovsdbfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

// seeds returns the files of real servers that testdata/README.md describes.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	paths, err := filepath.Glob("testdata/*.db")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no seeds: %v", err)
	}
	files := make([][]byte, len(paths))
	for i, path := range paths {
		if files[i], err = os.ReadFile(path); err != nil {
			tb.Fatal(err)
		}
	}
	return files
}

// FuzzReader reads anything at all.
func FuzzReader(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
		f.Add(seed[:len(seed)-10])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reader := ovsdbfile.NewReader(bytes.NewReader(data))
		var end int64 // of the last good record
		for {
			record, err := reader.Next()
			if err != nil {
				checkEnd(t, data, end, err)
				return
			}
			if record.Offset != end {
				t.Fatalf("record at %d, want %d", record.Offset, end)
			}
			end = endOf(data, record)
			if !json.Valid(record.JSON) || !bytes.HasSuffix(data[:end], record.JSON) {
				t.Fatalf("record at %d: %q", record.Offset, record.JSON)
			}
		}
	})
}

// endOf returns where a record of data ends.
func endOf(data []byte, record ovsdbfile.Record) int64 {
	header := bytes.IndexByte(data[record.Offset:], '\n') + 1
	return record.Offset + int64(header+len(record.JSON))
}

// checkEnd checks that err describes why data is good up to size and no further.
func checkEnd(t *testing.T, data []byte, size int64, err error) {
	t.Helper()
	var torn *ovsdbfile.TornError
	switch {
	case errors.Is(err, io.EOF):
		if size != int64(len(data)) || size == 0 {
			t.Errorf("a clean end after %d of %d bytes", size, len(data))
		}
	case errors.As(err, &torn):
		if torn.Offset != size || size >= int64(len(data)) {
			t.Errorf("%v, but %d of %d bytes are good", torn, size, len(data))
		}
	case errors.Is(err, ovsdbfile.ErrNotDatabase), errors.Is(err, ovsdbfile.ErrClustered):
		if size != 0 {
			t.Errorf("%v after %d bytes", err, size)
		}
	default:
		t.Errorf("unexpected error %v", err)
	}
}

// FuzzRecord compares the check for a JSON object with that of encoding/json.
func FuzzRecord(f *testing.F) {
	for _, seed := range seeds(f) {
		for line := range strings.Lines(string(seed)) {
			f.Add(strings.TrimSpace(line))
		}
	}
	for _, text := range []string{`{"a":[-0.1e+5,"\u00e9\n",{"b":[]},true,false,null]}`, `{"a":01}`, `{"a":"`, "{\"a\":\"\x01\"}", `{,}`, `[]`, ` {} `} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := isObject(text)
		all, err := records([]byte(record(text)))
		if got := len(all) == 1 && errors.Is(err, io.EOF); got != want && strings.Count(text, "[")+strings.Count(text, "{") < 1000 {
			t.Errorf("%q is taken for a record: %v, want %v (%v)", text, got, want, err)
		}
	})
}

// FuzzSummary makes undamaged records of any lines.
func FuzzSummary(f *testing.F) {
	for _, seed := range seeds(f) {
		var bodies strings.Builder
		for line := range strings.Lines(string(seed)) {
			if !strings.HasPrefix(line, "OVSDB") {
				bodies.WriteString(line)
			}
		}
		f.Add(bodies.String())
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, lines string) {
		var file strings.Builder
		for line := range strings.Lines(lines) {
			file.WriteString(record(strings.TrimSuffix(line, "\n")))
		}
		data := []byte(file.String())
		got, err := summarizeBytes(t, dir, data)
		if err != nil {
			checkEnd(t, data, 0, err)
			return
		}
		end := io.EOF
		if got.Torn != nil {
			end = got.Torn
		}
		checkEnd(t, data, got.Size, end)
		checkCounts(t, got)
		// The good part is a good file.
		again, err := summarizeBytes(t, dir, data[:got.Size])
		got.Torn = nil
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Errorf("the good part alone: %v (-whole +alone):\n%s", err, diff)
		}
	})
}

// checkCounts checks invariants of every file.
func checkCounts(t *testing.T, s ovsdbfile.Summary) {
	t.Helper()
	if s.ChangesAfterKey < 0 || s.ChangesWithKey < 0 || s.Rows < 0 {
		t.Errorf("impossible counts: %+v", s)
	}
}

func summarizeBytes(t *testing.T, dir string, data []byte) (ovsdbfile.Summary, error) {
	t.Helper()
	file, err := os.CreateTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	if _, err := file.Write(data); err != nil {
		t.Fatal(err)
	}
	return summarizeWhole(t.Context(), file.Name())
}

// FuzzCheckpoint reads a file from any text as a checkpoint of it.
func FuzzCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), "db")
	whole := seeds(f)[0]
	writeOver(f, path, whole)
	addCheckpoints(f, read(f, path))
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			data = seal(2, data)
		}
		follower := resume(data, path)
		got, err := follower.Advance(t.Context())
		if err != nil || got.Size > int64(len(whole)) {
			t.Fatalf("got %+v, %v", got, err)
		}
		want := summarize(t, path)
		if !got.RowsKnown() {
			checkCounts(t, withRows(got, 0))
			want = got
			if got, err = resume(keep(t, follower), path).Advance(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-whole, or from the checkpoint; +resumed, or from its own checkpoint):\n%s", diff)
		}
	})
}

func withRows(s ovsdbfile.Summary, rows int) ovsdbfile.Summary {
	s.Rows = rows
	return s
}

// addCheckpoints adds the good one, and the states of good ones and of bad ones.
func addCheckpoints(f *testing.F, text []byte) {
	f.Helper()
	f.Add(text, false)
	for _, change := range []func(map[string]any){
		func(map[string]any) {},
		func(s map[string]any) { s["tables"] = nil },
		func(s map[string]any) { s["global"] = nil },
		func(s map[string]any) { s["key-seen"], s["changes-after-key"], s["changes-with-key"] = false, 0, 0 },
	} {
		state := stateOf(f, text)
		change(state)
		changed, err := json.Marshal(state)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(changed, true)
	}
}

// FuzzResume makes undamaged records of any lines, and goes on after any of them.
func FuzzResume(f *testing.F) {
	for _, seed := range seeds(f) {
		var bodies strings.Builder
		for line := range strings.Lines(string(seed)) {
			if !strings.HasPrefix(line, "OVSDB") {
				bodies.WriteString(line)
			}
		}
		f.Add(bodies.String(), uint(3))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, lines string, after uint) {
		file, err := os.CreateTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}()
		text := writeRecords(t, file, lines, after)
		// That a deleted row never existed only the whole file shows.
		whole, err := summarizeWhole(t.Context(), file.Name())
		if err == nil && whole.Torn != nil && strings.Contains(whole.Torn.Reason, "does not exist") {
			return
		}
		assertResumes(t, text, file.Name(), "resumed")
	})
}

// writeRecords writes a record of each line, and returns the checkpoint after some of
// them, if there is one.
func writeRecords(t *testing.T, file *os.File, lines string, after uint) (checkpoint []byte) {
	t.Helper()
	var number uint
	for line := range strings.Lines(lines) {
		if _, err := file.WriteString(record(strings.TrimSuffix(line, "\n"))); err != nil {
			t.Fatal(err)
		}
		if number++; number != after {
			continue
		}
		follower := follow(file.Name())
		_, _ = follower.Advance(t.Context())
		if _, ok := follower.Checkpoint(); ok {
			checkpoint = keep(t, follower)
		}
	}
	return checkpoint
}
