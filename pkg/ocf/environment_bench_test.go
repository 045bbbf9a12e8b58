package ocf_test

import (
	"io"
	"testing"

	"ovndb-servers/pkg/ocf"
)

func BenchmarkParseEnvironment(b *testing.B) {
	for action, name := range map[string]string{
		"monitor": "pacemaker-2.1.5-monitor-promoted",
		"notify":  "pacemaker-2.1.5-switchover-pre-promote",
	} {
		b.Run(action, func(b *testing.B) {
			env := fixture(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ocf.ParseEnvironment(action, env.getenv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseParameters(b *testing.B) {
	env := parameters("master_ip", "192.0.2.10", "nb_master_port", "16641", "listen_on_master_ip_only", "no", "node_address", "2001:db8::1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ocf.ParseParameters(env.getenv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMetadata(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.WriteString(io.Discard, ocf.Metadata(1, "1.0")); err != nil {
			b.Fatal(err)
		}
	}
}
