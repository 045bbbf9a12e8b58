package ovsdbfile_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

// assertRowless asserts that a follower without rows reports all but their number.
func assertRowless(t *testing.T, rowless *ovsdbfile.Follower, path, step string) {
	t.Helper()
	want, err := summarizeWhole(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want.Rows = ovsdbfile.RowsUnknown
	got, err := rowless.Advance(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%s: error %v (-whole +without rows):\n%s", step, err, diff)
	}
}

func TestFollowerWithoutRowsGivesTheSummaryOfTheWholeFileButForItsRows(t *testing.T) {
	t.Parallel()
	active := start(t)
	c := active.open(t)
	standby := backup(t, active)
	ofActive, ofBackup := follow(active.file), follow(standby.file)
	ofActive.WithoutRows()
	ofBackup.WithoutRows()
	random := rand.New(rand.NewPCG(7, 8))
	for i := range 100 {
		if i%40 == 39 {
			active.command(t, "ovsdb-server/compact")
		}
		c.transact(t, randomOps(random)...)
		assertRowless(t, ofActive, active.file, "active")
	}
	standby.stop(t)
	assertRowless(t, ofBackup, standby.file, "backup")
}

// A backup has the whole database in one record after it has copied that.
func TestMemoryOfAFollowerWithoutRowsDoesNotDependOnTheRowsOfARecord(t *testing.T) {
	const rows, bound = 300_000, 2 << 20
	path := generate(t, rows, 0)
	follower := follow(path)
	follower.WithoutRows()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	summary, err := follower.Advance(t.Context())
	runtime.ReadMemStats(&after)
	if err != nil || summary.Torn != nil {
		t.Fatalf("the summary is %+v, %v", summary, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > bound {
		t.Errorf("%d bytes were allocated for %d rows, want at most %d", used, rows, bound)
	}
}
