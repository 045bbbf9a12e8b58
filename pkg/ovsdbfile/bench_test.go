package ovsdbfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbfile"
)

// generate writes a file with rows items: a compacted database, followed by transactions
// of one item each.
func generate(tb testing.TB, rows, transactions int) string {
	tb.Helper()
	row := func(i int) string {
		return fmt.Sprintf(`"%08x-1111-4111-8111-111111111111":{"name":"%s","tags":["set",["neutron:%032x","with \"quotes\" %d"]]}`, i, name(i), i, i)
	}
	var compacted []string
	for i := range rows - transactions {
		compacted = append(compacted, row(i))
	}
	var file strings.Builder
	file.WriteString(smallFile(tb))
	file.WriteString(record(`{"_date":1700000000000,"_comment":"compacting database online","Item":{` + strings.Join(compacted, ",") +
		`},"Small_Global":{"99999999-1111-4111-8111-111111111111":{"external_ids":["map",[["beat","1"]]]}}}`))
	for i := rows - transactions; i < rows; i++ {
		file.WriteString(record(`{"_date":1700000000000,"_is_diff":true,"Item":{` + row(i) + `}}`))
	}
	path := filepath.Join(tb.TempDir(), "generated.db")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func BenchmarkSummary(b *testing.B) {
	for _, size := range []struct{ rows, transactions int }{
		{1_000, 500}, {100_000, 0}, {100_000, 50_000}, {100_000, 100_000},
	} {
		b.Run(fmt.Sprintf("rows=%d/transactions=%d", size.rows, size.transactions), func(b *testing.B) {
			path := generate(b, size.rows, size.transactions)
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				if got := summarize(b, path); got.Rows != size.rows || got.Torn != nil {
					b.Fatalf("%+v", got)
				}
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	path := generate(b, 100_000, 50_000)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		file, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		reader := ovsdbfile.NewReader(file)
		for err == nil {
			_, err = reader.Next()
		}
		_ = file.Close()
	}
}
