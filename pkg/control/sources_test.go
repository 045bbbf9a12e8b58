package control_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

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
	endpoint := control.Endpoint{Protocol: "tcp", Port: 6641}
	l := control.Listening{
		MasterIP: netip.MustParseAddr("10.0.0.9"), NodeAddress: netip.MustParseAddr("10.0.0.1"), MasterIPOnly: true,
		ClientProbe: 5 * time.Second, ReplicationProbe: time.Minute,
	}
	clients := ovsdbctl.Connection{Purpose: "clients", Target: "ptcp:6641:10.0.0.9", InactivityProbe: 5 * time.Second}
	for _, tt := range []struct {
		name   string
		change func(*control.Listening)
		want   []ovsdbctl.Connection
	}{
		{"virtual address only: one row for clients, one for backups", func(*control.Listening) {}, []ovsdbctl.Connection{
			clients, {Purpose: "replication", Target: "ptcp:6641:10.0.0.1", InactivityProbe: time.Minute, Role: "ovndb-replication"},
		}},
		{"any address: one row serves both", func(l *control.Listening) { l.MasterIPOnly = false }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:0.0.0.0", InactivityProbe: time.Minute},
		}},
		{"any address, and no probe of clients", func(l *control.Listening) { l.MasterIPOnly, l.ClientProbe = false, 0 }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:0.0.0.0"},
		}},
		{"any address with IPv6", func(l *control.Listening) {
			l.MasterIPOnly, l.MasterIP = false, netip.MustParseAddr("2001:db8::9")
		}, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:[::]", InactivityProbe: time.Minute},
		}},
		{"any address of both families", func(l *control.Listening) { l.MasterIPOnly, l.DualStack = false, true }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:[::]", InactivityProbe: time.Minute},
		}},
		{"any address, without a virtual one", func(l *control.Listening) { l.MasterIPOnly, l.MasterIP = false, netip.Addr{} }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:0.0.0.0", InactivityProbe: time.Minute},
		}},
		{"the node's address is the virtual one: one row", func(l *control.Listening) { l.NodeAddress = l.MasterIP }, []ovsdbctl.Connection{
			{Purpose: "clients", Target: "ptcp:6641:10.0.0.9", InactivityProbe: time.Minute},
		}},
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
