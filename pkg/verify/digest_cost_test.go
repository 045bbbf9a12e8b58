package verify_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// Values that grow by one element in each transaction were copied for each of them: a set and a map of
// 3000 elements took 800 MB, and a set of 20,000 half a minute.
func TestDigestOfAValueThatGrewDoesNotCopyItForEachTransaction(t *testing.T) {
	const elements, bound = 3000, 100 << 20
	transactions := []string{set(rowA, `"name":"a"`)}
	var members, pairs []string
	for i := range elements {
		members, pairs = append(members, fmt.Sprintf(`"%d"`, i)), append(pairs, fmt.Sprintf(`["%d","x"]`, i))
		transactions = append(transactions, `{"_is_diff":true,"Address_Set":{"`+rowA+`":{"addresses":`+members[i]+`,"external_ids":["map",[`+pairs[i]+`]]}}}`)
	}
	grown := writeFile(t, transactions...)
	want := mustDigest(t, writeFile(t, set(rowA, `"name":"a","addresses":["set",[`+strings.Join(members, ",")+`]],"external_ids":["map",[`+strings.Join(pairs, ",")+`]]`)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := mustDigest(t, grown)
	runtime.ReadMemStats(&after)
	if got != want || got.Rows != 1 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > bound {
		t.Errorf("%d bytes were allocated, want at most %d", used, bound)
	}
}

// writeMillion writes a database of a million rows of 100 bytes, a thousand in each transaction.
func writeMillion(t *testing.T, path string) {
	t.Helper()
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), path)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var record bytes.Buffer
	for i := range million {
		if record.WriteByte(','); i%1000 == 0 {
			record.Reset()
			record.WriteString(`{"Address_Set":{`)
		}
		id := sha1.Sum(binary.BigEndian.AppendUint64(nil, uint64(i)))
		text := hex.EncodeToString(id[:16])
		_, _ = fmt.Fprintf(&record, `"%s-%s-%s-%s-%s":{"name":"%099d"}`, text[:8], text[8:12], text[12:16], text[16:20], text[20:], i)
		if i%1000 == 999 {
			record.WriteString("}}\n")
			if _, err := fmt.Fprintf(file, "OVSDB JSON %d %x\n%s", record.Len(), sha1.Sum(record.Bytes()), record.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const million = 1_000_000

// watchHeap returns a function that ends the watch and returns the largest heap in bytes.
func watchHeap() (largest func() uint64) {
	end, peak := make(chan struct{}), make(chan uint64)
	go func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		var now runtime.MemStats
		var most uint64
		for {
			select {
			case <-ticker.C:
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse+now.StackInuse)
			case <-end:
				peak <- most
				return
			}
		}
	}()
	return func() uint64 { close(end); return <-peak }
}

func TestDigestOfAMillionRowsTakesBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a long test: run it with LONG=1")
	}
	const bound = 80 << 20 // 60 MiB as a rule, as the index has 24 and is collected at twice that
	path := ovsdbctltest.Dir(t) + "/db"
	writeMillion(t, path)
	runtime.GC()
	largest := watchHeap()
	began := time.Now()
	content := mustDigest(t, path)
	took := time.Since(began)
	peak := largest()
	if content.Rows != million || peak > bound {
		t.Errorf("%d rows took %d bytes, want %d rows and at most %d bytes", content.Rows, peak, million, bound)
	}
	t.Logf("%d bytes, %s", peak, took)
}
