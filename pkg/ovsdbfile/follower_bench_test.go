package ovsdbfile_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"ovndb-servers/pkg/ovsdbfile"
)

// advanced returns a follower that has read the file, which it is given to append to.
func advanced(b *testing.B, rows int) (*ovsdbfile.Follower, *os.File) {
	b.Helper()
	path := generate(b, rows, rows/2)
	follower := follow(path)
	if _, err := follower.Advance(b.Context()); err != nil {
		b.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	return follower, file
}

func BenchmarkAdvanceByOneRecord(b *testing.B) {
	for _, rows := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			follower, file := advanced(b, rows)
			text := record(`{"_date":1700000000000,"_is_diff":true,"Small_Global":{"99999999-1111-4111-8111-111111111111":{"external_ids":["map",[["other","2"]]]}}}`)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := file.WriteString(text); err != nil {
					b.Fatal(err)
				}
				if got, err := follower.Advance(b.Context()); err != nil || got.Torn != nil {
					b.Fatalf("%+v, %v", got, err)
				}
			}
		})
	}
}

func BenchmarkAdvanceByNothing(b *testing.B) {
	for _, rows := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			follower, _ := advanced(b, rows)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := follower.Advance(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Memory that a follower holds between its calls.
func BenchmarkFollowerMemory(b *testing.B) {
	const rows = 1_000_000
	path := generate(b, rows, 0)
	held := func() float64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	for b.Loop() {
		before := held()
		follower := follow(path)
		if _, err := follower.Advance(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((held()-before)/rows, "held-B/row")
		runtime.KeepAlive(follower)
	}
}
