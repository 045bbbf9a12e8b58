package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/verify"
)

// BenchmarkCompare compares two copies of 100,000 rows.
func BenchmarkCompare(b *testing.B) {
	const rows, transactions = 100_000, 100
	first := ovsdbctltest.Start(b, ovsdbctl.Northbound())
	for i := range transactions {
		var operations []string
		for j := range rows / transactions {
			operations = append(operations, fmt.Sprintf(
				`{"op":"insert","table":"Address_Set","row":{"name":"set%d-%d","addresses":["set",["10.0.0.1","10.0.0.2"]],"external_ids":["map",[["k","%d"]]]}}`, i, j, j))
		}
		transact(b, first, strings.Join(operations, ","))
	}
	second := startCopy(b, first)
	for name, copies := range mixtures(first, second) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if r := compare(b, copies[0], copies[1], verify.Options{}); !r.Same || r.A.Rows != rows {
					b.Fatalf("%+v", r)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/rows, "µs/row")
		})
	}
}
