package snapshot_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/ovsdbfile"
)

const (
	largeRecord = 200 << 20
	// maxAllocated is how much a snapshot may allocate in all, in bytes, also if the collector
	// never ran.
	maxAllocated = 4 << 20
)

// writeLarge writes the JSON of a record of largeRecord bytes.
func writeLarge(to io.Writer) {
	const start, end = `{"Logical_Switch":{"6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4e":{"name":"`, `"}}}` + "\n"
	b := bufio.NewWriter(to)
	_, _ = b.WriteString(start)
	piece := bytes.Repeat([]byte("x"), 1<<10)
	for left := largeRecord - len(start) - len(end); left > 0; left -= len(piece) {
		_, _ = b.Write(piece[:min(left, len(piece))])
	}
	_, _ = b.WriteString(end)
	_ = b.Flush()
}

// writeLargeDatabase writes a database file with a large record and the beginning of another one,
// and returns its size.
func writeLargeDatabase(t *testing.T, path string) int64 {
	t.Helper()
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), path)
	sum := sha1.New()
	writeLarge(sum)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	_, _ = fmt.Fprintf(file, "OVSDB JSON %d %x\n", largeRecord, sum.Sum(nil))
	writeLarge(file)
	_, _ = fmt.Fprintf(file, "OVSDB JSON %d %x\n{", largeRecord, sum.Sum(nil))
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size < largeRecord {
		t.Fatalf("the file is %d bytes long, %v", size, err)
	}
	return size
}

// Not parallel: the allocations of other tests would count.
func TestASnapshotOfARecordOf200MiBTakesFewMiBOfMemory(t *testing.T) {
	p := newPlace(t, "")
	if err := os.Remove(p.file); err != nil {
		t.Fatal(err)
	}
	size := writeLargeDatabase(t, p.file)
	for _, existed := range []bool{false, true} { // when it is taken, and when it is compared
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		info, got := p.takeOrFind("OVN_Northbound", "ahead")
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > maxAllocated {
			t.Errorf("%d bytes were allocated in all, at most %d may be", allocated, maxAllocated)
		}
		if got != existed || info.SizeBytes < largeRecord || info.SizeBytes+info.CutBytes != size || info.CutBytes == 0 {
			t.Errorf("of %d bytes: %v, %v", size, info, got)
		}
	}
	held, err := ovsdbfile.NewFollower(p.Path(p.list()[0].Name), "NB_Global", "key").Advance(t.Context())
	if err != nil || held.Torn != nil || held.Rows != 1 {
		t.Errorf("the copy holds %+v, %v, want one row", held, err)
	}
}
