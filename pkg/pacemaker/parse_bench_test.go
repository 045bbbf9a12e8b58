package pacemaker_test

import (
	"testing"

	"ovndb-servers/pkg/pacemaker"
)

func BenchmarkParseAttributeValues(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if values, _, err := pacemaker.ParseAttributeValues("master-ovndb", queriedXML); err != nil || len(values) != 2 {
			b.Fatalf("got %v, %v", values, err)
		}
	}
}

func BenchmarkParseView(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pacemaker.ParseView("ovndb-servers", []byte(mon)); err != nil {
			b.Fatal(err)
		}
	}
}
