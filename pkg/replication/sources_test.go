package replication_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestPublishedSourcesAreReadBack(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"10.0.0.1":    "OVN_Northbound=tcp:10.0.0.1:6641,OVN_Southbound=ssl:10.0.0.1:6642",
		"2001:db8::1": "OVN_Northbound=tcp:[2001:db8::1]:6641,OVN_Southbound=ssl:[2001:db8::1]:6642",
	} {
		units := control.Units(process.Layout{RunDir: "/run"},
			control.Endpoint{Protocol: "tcp", Port: 6641}, control.Endpoint{Protocol: "ssl", Port: 6642})
		sources := control.SourcesAt(units, netip.MustParseAddr(address))
		if got := sources.String(); got != want {
			t.Errorf("published %q, want %q", got, want)
		}
		got, err := replication.ParseSources(want, []string{nb, sb})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sources, got); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
	}
}

func TestSourcesThatLackADatabaseAreRefused(t *testing.T) {
	t.Parallel()
	for _, published := range []string{"", "x", "=", "OVN_Northbound=", "OVN_Northbound=tcp:10.0.0.1:6641", ",,"} {
		if got, err := replication.ParseSources(published, []string{nb, sb}); !errors.Is(err, replication.ErrSources) {
			t.Errorf("ParseSources(%q) = %v, %v, want ErrSources", published, got, err)
		}
	}
}
