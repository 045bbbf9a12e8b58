package ovsdbfile_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

// keep returns a follower's checkpoint as text for another process.
func keep(tb testing.TB, follower *ovsdbfile.Follower) []byte {
	tb.Helper()
	checkpoint, ok := follower.Checkpoint()
	if !ok {
		tb.Fatal("there is no checkpoint")
	}
	text, err := json.Marshal(checkpoint)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// resume goes on as another process would.
func resume(text []byte, path string) *ovsdbfile.Follower {
	var checkpoint ovsdbfile.Checkpoint
	_ = json.Unmarshal(text, &checkpoint)
	return ovsdbfile.Resume(checkpoint, path, globalTable, beat, globalTable)
}

// assertResumes asserts that a follower from a checkpoint reports the same as one that reads
// the whole file, but for the rows, and reports whether the checkpoint was used.
func assertResumes(tb testing.TB, text []byte, path, step string) (used bool) {
	tb.Helper()
	want, wantErr := summarizeWhole(tb.Context(), path)
	got, err := resume(text, path).Advance(tb.Context())
	if used = !got.RowsKnown(); used {
		want.Rows = ovsdbfile.RowsUnknown
	}
	if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		tb.Fatalf("%s: got error %v, want %v; (-whole +resumed):\n%s", step, err, wantErr, diff)
	}
	return used
}

// read returns the checkpoint of a file after reading the whole.
func read(tb testing.TB, path string) []byte {
	tb.Helper()
	follower := follow(path)
	if _, err := follower.Advance(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return keep(tb, follower)
}

func TestCheckpointsOfALiveServerGiveTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	random := rand.New(rand.NewPCG(11, 12))
	checkpoints := [][]byte{read(t, s.file)}
	used, refused := 0, 0
	for range 300 {
		if random.IntN(40) == 0 {
			s.command(t, "ovsdb-server/compact")
		}
		for range random.IntN(4) {
			c.transact(t, randomOps(random)...)
		}
		chosen := checkpoints[len(checkpoints)-1-random.IntN(min(20, len(checkpoints)))]
		if assertResumes(t, chosen, s.file, "live") {
			used++
		} else {
			refused++
		}
		next := resume(chosen, s.file)
		if _, err := next.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkpoints = append(checkpoints, keep(t, next)) // one that was made from another
	}
	if used == 0 || refused == 0 {
		t.Errorf("%d checkpoints were used, %d not, want some of each", used, refused)
	}
}

func TestCheckpointOfABackupThatIsResyncedGivesTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	active := start(t)
	c := active.open(t)
	fill(t, c, 30)
	standby := backup(t, active)
	checkpoint := read(t, standby.file)
	for i := range 3 {
		standby.command(t, "ovsdb-server/disconnect-active-ovsdb-server")
		standby.command(t, "ovsdb-server/connect-active-ovsdb-server")
		c.transact(t, insertItem(name(1000+i)))
		eventually(t, "the backup has resynced", func() bool { return summarize(t, standby.file).Rows == 31+i })
		if !assertResumes(t, checkpoint, standby.file, "resynced") {
			t.Error("the checkpoint was not used, though the file has only grown")
		}
	}
}

func TestCheckpointOfAFileThatChangesInAnyWayGivesTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	versions := [][]byte{busyFile(t, 14, 60), busyFile(t, 15, 60), busyFile(t, 16, 10), []byte(smallFile(t))}
	path := filepath.Join(t.TempDir(), "db")
	random := rand.New(rand.NewPCG(17, 18))
	data, size := versions[0], 0
	var checkpoints [][]byte
	used := 0
	for range 2000 {
		write := writeOver
		switch random.IntN(10) {
		case 0: // another file
			data, size, write = versions[random.IntN(len(versions))], 0, renameOver
		case 1: // the same file with other content
			data = versions[random.IntN(len(versions))]
		case 2: // shorter
			size = random.IntN(size + 1)
		case 3: // copied, with the number of another file
			if err := os.Remove(path); err != nil && size > 0 {
				t.Fatal(err)
			}
		}
		size = min(size+random.IntN(600), len(data))
		write(t, path, data[:size])
		for _, text := range checkpoints[max(0, len(checkpoints)-5):] {
			if assertResumes(t, text, path, "changed") {
				used++
			}
		}
		follower := follow(path)
		if _, err := follower.Advance(t.Context()); err == nil {
			checkpoints = append(checkpoints, keep(t, follower))
		}
	}
	if used < 1000 {
		t.Errorf("only %d checkpoints were used", used)
	}
}

func TestCheckpointTakenAnywhereInAFileThatGrowsGivesItsTornTails(t *testing.T) {
	t.Parallel()
	data := busyFile(t, 19, 15)
	path := filepath.Join(t.TempDir(), "db")
	begin := len(smallFile(t))
	writeOver(t, path, data[:begin])
	follower := follow(path)
	for size := begin; size <= len(data); size += 5 {
		writeOver(t, path, data[:size])
		if _, err := follower.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		text := keep(t, follower)
		later := min(size+317, len(data))
		writeOver(t, path, data[:later])
		if !assertResumes(t, text, path, fmt.Sprintf("from %d to %d", size, later)) {
			t.Fatalf("the checkpoint at %d was not used at %d", size, later)
		}
	}
}

// That the damage is not noticed shows that the beginning is not read.
func TestResumedFollowerReadsOnlyNewRecords(t *testing.T) {
	t.Parallel()
	data := busyFile(t, 20, 10)
	path := filepath.Join(t.TempDir(), "db")
	writeOver(t, path, data)
	text := read(t, path)
	before := summarize(t, path)
	writeOver(t, path, []byte(strings.Repeat("x", 200)+string(data[200:])+record(`{"Item":{"11111111-1111-4111-8111-111111111111":{"name":"new"}}}`)))
	after, err := resume(text, path).Advance(t.Context())
	if err != nil || after.ChangesAfterKey != before.ChangesAfterKey+1 || after.RowsKnown() {
		t.Errorf("before %+v, after %+v, %v", before, after, err)
	}
}

func TestResumedFollowerKnowsTheRowsOnceItHadToStartOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	writeOver(t, path, busyFile(t, 21, 10))
	follower := resume(read(t, path), path)
	if got, err := follower.Advance(t.Context()); err != nil || got.RowsKnown() {
		t.Fatalf("got %+v, %v", got, err)
	}
	renameOver(t, path, busyFile(t, 22, 10))
	assertAdvances(t, follower, path, "replaced")
}

func TestCheckpointThatDoesNotFitIsNotUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	data := busyFile(t, 23, 10)
	writeOver(t, path, data)
	text := read(t, path)
	good := stateOf(t, text)
	for name, change := range map[string]func(map[string]any){
		"another boot":        func(s map[string]any) { s["boot"] = "00000000-0000-4000-8000-000000000000" },
		"no boot":             func(s map[string]any) { s["boot"] = "" },
		"another table":       func(s map[string]any) { s["global-table"] = "Item" },
		"another key":         func(s map[string]any) { s["key"] = "other" },
		"no schema":           func(s map[string]any) { s["schema"] = "" },
		"another device":      func(s map[string]any) { within(s, "file")["device"] = 1 },
		"another inode":       func(s map[string]any) { within(s, "file")["inode"] = 1 },
		"another birth":       func(s map[string]any) { within(s, "file")["born"] = 1 },
		"written to later":    func(s map[string]any) { within(s, "file")["modified"] = time.Now().Add(time.Hour).UnixNano() },
		"a later end":         func(s map[string]any) { s["size"] = len(data) + 1 },
		"an earlier end":      func(s map[string]any) { s["size"] = len(data) - 1 },
		"a negative end":      func(s map[string]any) { s["size"] = -1 },
		"another offset":      func(s map[string]any) { s["last-offset"] = 0 },
		"a negative offset":   func(s map[string]any) { s["last-offset"] = -1 },
		"another length":      func(s map[string]any) { s["last-length"] = 1 },
		"another sum":         func(s map[string]any) { s["last-sum"] = strings.Repeat("00", 20) },
		"a short sum":         func(s map[string]any) { s["last-sum"] = "00" },
		"negative changes":    func(s map[string]any) { s["changes-after-key"] = -1 },
		"changes without key": func(s map[string]any) { s["key-seen"], s["changes-after-key"] = false, 3 },
		"no external_ids":     func(s map[string]any) { s["global"] = map[string]any{"11111111-1111-4111-8111-111111111111": nil} },
		"no UUID":             func(s map[string]any) { s["global"] = map[string]any{"x": map[string]any{}} },
	} {
		state := stateOf(t, text)
		change(state)
		if assertResumes(t, envelope(t, 3, state), path, name) {
			t.Errorf("%s: the checkpoint was used", name)
		}
	}
	for name, text := range map[string][]byte{
		"nothing": nil, "null": []byte("null"), "no JSON": []byte("{"), "another version": envelope(t, 2, good),
		"half": text[:len(text)/2], "another value": []byte(strings.Replace(string(text), `"changes-with-key":`, `"changes-with-key":1`, 1)),
	} {
		if assertResumes(t, text, path, name) {
			t.Errorf("%s: the checkpoint was used", name)
		}
	}
	if !assertResumes(t, envelope(t, 3, good), path, "unchanged") {
		t.Error("the unchanged checkpoint was not used")
	}
}

// That a file has the time of its original shows that it is a copy.
func TestCheckpointIsNotUsedWhenTheFileWasWrittenToBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	writeOver(t, path, busyFile(t, 24, 10))
	text := read(t, path)
	earlier := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, earlier, earlier); err != nil {
		t.Fatal(err)
	}
	if assertResumes(t, text, path, "with an earlier time") {
		t.Error("the checkpoint was used")
	}
}

func TestFollowerHasNoCheckpointOfTextThatJSONCannotHold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	follower := follow(path)
	if _, ok := follower.Checkpoint(); ok {
		t.Error("there is a checkpoint of nothing")
	}
	writeOver(t, path, []byte("OVSDB"))
	if _, err := follower.Advance(t.Context()); err == nil {
		t.Error("a torn schema is no error")
	}
	if _, ok := follower.Checkpoint(); ok {
		t.Error("there is a checkpoint of a torn schema")
	}
	writeOver(t, path, []byte(smallFile(t)+record("{\"Small_Global\":{\"11111111-1111-4111-8111-111111111111\":{\"external_ids\":[\"map\",[[\"beat\",\"\xff\"]]]}}}")))
	if got := assertAdvances(t, follower, path, "not UTF-8"); got.Global[beat] != "\xff" {
		t.Errorf("the external_ids are %q", got.Global)
	}
	if _, ok := follower.Checkpoint(); ok {
		t.Error("there is a checkpoint of text that is not UTF-8")
	}
}

func within(state map[string]any, key string) map[string]any {
	inner, _ := state[key].(map[string]any)
	return inner
}

// stateOf returns the content of a checkpoint.
func stateOf(tb testing.TB, text []byte) map[string]any {
	tb.Helper()
	var e struct{ State json.RawMessage }
	if err := json.Unmarshal(text, &e); err != nil {
		tb.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(e.State)))
	decoder.UseNumber() // nanoseconds do not fit into a float64
	state := map[string]any{}
	if err := decoder.Decode(&state); err != nil {
		tb.Fatal(err)
	}
	return state
}

// envelope makes an undamaged checkpoint of any state.
func envelope(tb testing.TB, version int, state any) []byte {
	tb.Helper()
	text, err := json.Marshal(state)
	if err != nil {
		tb.Fatal(err)
	}
	return seal(version, text)
}

func seal(version int, state []byte) []byte {
	sum := sha256.Sum256(state)
	return fmt.Appendf(nil, `{"version":%d,"sum":"%s","state":%s}`, version, hex.EncodeToString(sum[:]), state)
}

func TestCheckpointCoversTheFileAsItWasWhenItWasRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, path string, data []byte)
		want   bool
	}{
		"unchanged": {func(*testing.T, string, []byte) {}, true},
		"longer":    {func(t *testing.T, path string, data []byte) { t.Helper(); writeOver(t, path, append(data, '\n')) }, false},
		"written over with the time set back": {func(t *testing.T, path string, data []byte) {
			t.Helper()
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond) // the kernel's clock of files has ticks of up to 10 ms
			writeOver(t, path, data)
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, false},
		"another mode": {func(t *testing.T, path string, _ []byte) {
			t.Helper()
			time.Sleep(20 * time.Millisecond)
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "db")
			data := busyFile(t, 23, 10)
			writeOver(t, path, data)
			var kept ovsdbfile.Checkpoint
			if err := json.Unmarshal(read(t, path), &kept); err != nil {
				t.Fatal(err)
			}
			c.change(t, path, data)
			if got, err := kept.Covers(path); err != nil || got != c.want {
				t.Errorf("it covers the file: %v, %v; want %v", got, err, c.want)
			}
		})
	}
	if covers, err := (ovsdbfile.Checkpoint{}).Covers("/nowhere"); covers || err != nil {
		t.Errorf("an unusable checkpoint covers a file: %v, %v", covers, err)
	}
}
