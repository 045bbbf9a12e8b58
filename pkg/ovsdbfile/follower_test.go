package ovsdbfile_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

func follow(path string) *ovsdbfile.Follower {
	return ovsdbfile.NewFollower(path, globalTable, beat, globalTable)
}

// assertAdvances asserts that the follower reports the same as one that reads the whole file.
func assertAdvances(tb testing.TB, follower *ovsdbfile.Follower, path, step string) ovsdbfile.Summary {
	tb.Helper()
	want, wantErr := summarizeWhole(tb.Context(), path)
	got, err := follower.Advance(tb.Context())
	if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		tb.Fatalf("%s: got error %v, want %v; (-whole +followed):\n%s", step, err, wantErr, diff)
	}
	return got
}

func writeOver(tb testing.TB, path string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func renameOver(tb testing.TB, path string, data []byte) {
	tb.Helper()
	writeOver(tb, path+".new", data)
	if err := os.Rename(path+".new", path); err != nil {
		tb.Fatal(err)
	}
}

func TestFollowerOfALiveServerGivesTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.open(t)
	follower := follow(s.file)
	random := rand.New(rand.NewPCG(1, 2))
	compactions := 0
	for range 300 {
		switch random.IntN(40) {
		case 0:
			s.command(t, "ovsdb-server/compact")
			compactions++
		case 1: // nothing
		default:
			for range 1 + random.IntN(3) {
				c.transact(t, randomOps(random)...)
			}
		}
		assertAdvances(t, follower, s.file, "live")
	}
	if compactions == 0 {
		t.Error("nothing was compacted")
	}
}

func TestFollowerOfABackupThatIsResyncedGivesTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	active := start(t)
	c := active.open(t)
	fill(t, c, 30)
	standby := backup(t, active)
	follower := follow(standby.file)
	assertAdvances(t, follower, standby.file, "first copy")
	for i := range 3 {
		standby.command(t, "ovsdb-server/disconnect-active-ovsdb-server")
		standby.command(t, "ovsdb-server/connect-active-ovsdb-server")
		c.transact(t, insertItem(name(1000+i)))
		eventually(t, "the backup has resynced", func() bool { return summarize(t, standby.file).Rows == 31+i })
		assertAdvances(t, follower, standby.file, "resynced")
	}
}

// busyFile is the file of a server after random transactions.
func busyFile(tb testing.TB, seed uint64, transactions int) []byte {
	tb.Helper()
	s := start(tb)
	c := s.open(tb)
	random := rand.New(rand.NewPCG(seed, 0))
	c.transact(tb, insertGlobal(beat, "1"))
	for range transactions {
		c.transact(tb, randomOps(random)...)
	}
	s.stop(tb)
	data, err := os.ReadFile(s.file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestFollowerOfAGrowingFileCompletesEveryTornTail(t *testing.T) {
	t.Parallel()
	data := busyFile(t, 3, 20)
	path := filepath.Join(t.TempDir(), "db")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	follower := follow(path)
	torn := 0
	for i := range data {
		if _, err := file.Write(data[i : i+1]); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 && assertAdvances(t, follower, path, "growing").Torn != nil {
			torn++
		}
	}
	if last := assertAdvances(t, follower, path, "at the end"); torn == 0 || last.Torn != nil {
		t.Errorf("torn %d times; at the end %+v", torn, last)
	}
}

func TestFollowerOfAFileThatChangesInAnyWayGivesTheSummaryOfTheWholeFile(t *testing.T) {
	t.Parallel()
	versions := [][]byte{busyFile(t, 4, 60), busyFile(t, 5, 60), busyFile(t, 6, 10), []byte(smallFile(t))}
	path := filepath.Join(t.TempDir(), "db")
	follower := follow(path)
	random := rand.New(rand.NewPCG(7, 8))
	data, size := versions[0], 0
	for range 2000 {
		write := writeOver
		switch random.IntN(10) {
		case 0: // another file
			data, size, write = versions[random.IntN(len(versions))], 0, renameOver
		case 1: // the same file with other content
			data = versions[random.IntN(len(versions))]
		case 2: // shorter
			size = random.IntN(size + 1)
		case 3: // a damaged byte, most often in a part that has been read
			if size > 0 {
				damaged := append([]byte{}, data[:size]...)
				damaged[size-1-random.IntN(min(size, 100))] ^= 1
				renameOver(t, path, damaged)
				assertAdvances(t, follower, path, "damaged")
			}
		}
		size = min(size+random.IntN(600), len(data))
		write(t, path, data[:size])
		assertAdvances(t, follower, path, "changed")
	}
}

// That the damage is not noticed shows that nothing is read twice.
func TestFollowerReadsEachRecordOnce(t *testing.T) {
	t.Parallel()
	data := busyFile(t, 9, 10)
	path := filepath.Join(t.TempDir(), "db")
	writeOver(t, path, data)
	follower := follow(path)
	before := assertAdvances(t, follower, path, "first")
	damaged := []byte(strings.Repeat("x", 200) + string(data[200:]) + record(`{"Item":{"11111111-1111-4111-8111-111111111111":{"name":"new"}}}`))
	writeOver(t, path, damaged)
	after, err := follower.Advance(t.Context())
	if err != nil || after.ChangesAfterKey != before.ChangesAfterKey+1 || after.Rows != before.Rows+1 || after.Size != int64(len(damaged)) {
		t.Errorf("before %+v, after %+v, %v", before, after, err)
	}
	if _, err := summarizeWhole(t.Context(), path); !errors.Is(err, ovsdbfile.ErrNotDatabase) {
		t.Errorf("the whole file: %v", err)
	}
}

func TestFollowerGoesOnAfterItsContextHasEnded(t *testing.T) {
	t.Parallel()
	data := busyFile(t, 10, 5)
	path := filepath.Join(t.TempDir(), "db")
	writeOver(t, path, data[:len(data)/2])
	follower := follow(path)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if got, err := follower.Advance(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, %v", got, err)
		}
		assertAdvances(t, follower, path, "with another context")
		writeOver(t, path, data)
	}
}

func TestFollowerOfAFileThatIsNoDatabaseSaysSoUntilItIsOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	follower := follow(path)
	if _, err := follower.Advance(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	for _, data := range []string{"", "x", "OVSDB CLUSTER 1 x\n", smallFile(t)[:50], smallFile(t), "", smallFile(t)} {
		writeOver(t, path, []byte(data))
		assertAdvances(t, follower, path, data)
	}
}
