package replication_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestPublishedSourcesAreReadBack(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"10.0.0.1":    "OVN_Northbound=tcp:10.0.0.1:6641,OVN_Southbound=ssl:10.0.0.1:6642",
		"2001:db8::1": "OVN_Northbound=tcp:[2001:db8::1]:6641,OVN_Southbound=ssl:[2001:db8::1]:6642",
	} {
		units := replication.Units(process.Layout{RunDir: "/run"},
			replication.Endpoint{Protocol: "tcp", Port: 6641}, replication.Endpoint{Protocol: "ssl", Port: 6642})
		sources := replication.SourcesAt(units, netip.MustParseAddr(address))
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

func FuzzParseSources(f *testing.F) {
	f.Add("OVN_Northbound=tcp:10.0.0.1:6641,OVN_Southbound=tcp:[::1]:6642")
	f.Add("=,=")
	f.Fuzz(func(t *testing.T, published string) {
		got, err := replication.ParseSources(published, []string{nb})
		if err != nil {
			if !errors.Is(err, replication.ErrSources) {
				t.Fatalf("unexpected error: %v", err)
			}
			return
		}
		again, err := replication.ParseSources(got.String(), []string{nb})
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("%q is read as %v and written as %q, which is read as %v, %v", published, got, got, again, err)
		}
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	endpoint := replication.Endpoint{Protocol: "tcp", Port: 6641}
	l := replication.Listening{
		MasterIP: netip.MustParseAddr("10.0.0.9"), NodeAddress: netip.MustParseAddr("10.0.0.1"), MasterIPOnly: true,
		ClientProbe: 5 * time.Second, ReplicationProbe: time.Minute,
	}
	clients := ovsdbctl.Connection{Purpose: "clients", Target: "ptcp:6641:10.0.0.9", InactivityProbe: 5 * time.Second}
	for _, tt := range []struct {
		name   string
		change func(*replication.Listening)
		want   []ovsdbctl.Connection
	}{
		{"virtual address only: one row for clients, one for backups", func(*replication.Listening) {}, []ovsdbctl.Connection{
			clients, {Purpose: "replication", Target: "ptcp:6641:10.0.0.1", InactivityProbe: time.Minute},
		}},
		{"any address: one row serves both", func(l *replication.Listening) { l.MasterIPOnly = false }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:0.0.0.0", InactivityProbe: 5 * time.Second},
		}},
		{"any address with IPv6", func(l *replication.Listening) {
			l.MasterIPOnly, l.MasterIP = false, netip.MustParseAddr("2001:db8::9")
		}, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:[::]", InactivityProbe: 5 * time.Second},
		}},
		{"the node's address is the virtual one: one row", func(l *replication.Listening) { l.NodeAddress = l.MasterIP }, []ovsdbctl.Connection{clients}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := l
			tt.change(&l)
			if diff := cmp.Diff(tt.want, l.Connections(endpoint)); diff != "" {
				t.Errorf("connections (-want +got):\n%s", diff)
			}
		})
	}
}
