package ovsdbctl_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
)

const (
	nb = "OVN_Northbound"
	sb = "OVN_Southbound"
)

type syncStatusCase struct {
	name, database, reply string
	want                  ovsdbctl.SyncStatus // Database is filled in
}

func backup(link ovsdbctl.Link, source string) ovsdbctl.SyncStatus {
	return ovsdbctl.SyncStatus{Role: ovsdbctl.RoleBackup, Link: link, Source: source}
}

// Replies of Open vSwitch 2.11 to 3.2, and those for the same states from 3.3 on.
func syncStatusCases() []syncStatusCase {
	const source, v6 = "tcp:192.0.2.1:6641", "ssl:[2001:db8::1]:6641"
	active := ovsdbctl.SyncStatus{Role: ovsdbctl.RoleActive}
	return []syncStatusCase{
		{"old, active", nb, "state: active\n", active},
		{"old, connecting", nb, "state: backup\nconnecting: " + source + "\n", backup(ovsdbctl.LinkConnecting, source)},
		{"old, replicating", nb, "state: backup\nreplicating: " + v6 + "\ndatabase: OVN_Northbound\n", backup(ovsdbctl.LinkReplicating, v6)},
		{"old, no final newline", nb, "state: backup\nreplicating: " + v6 + "\ndatabase: OVN_Northbound", backup(ovsdbctl.LinkReplicating, v6)},
		{
			"old, two databases and excluded tables", sb,
			"state: backup\nreplicating: " + source + "\ndatabase: OVN_Northbound, OVN_Southbound\n" +
				"exclude: OVN_Northbound:ACL,OVN_Southbound:FDB,OVN_Southbound:MAC_Binding\n",
			backup(ovsdbctl.LinkReplicating, source),
		},
		{
			"old, replicating another database only", sb,
			"state: backup\nreplicating: " + source + "\ndatabase: OVN_Northbound\n",
			backup(ovsdbctl.LinkUnconfigured, source),
		},
		{"old, not connected", nb, "state: backup\nnot connected to " + source + "\n", backup(ovsdbctl.LinkNotConnected, source)},
		{"old, failed", nb, "state: backup\nReplication to (" + source + ") failed\n", backup(ovsdbctl.LinkFailed, source)},

		{"new, never a backup", nb, "state: active\n", active},
		{"new, active", nb, "database: OVN_Northbound\nstate: active\n\n", active},
		{"new, connecting", nb, "database: OVN_Northbound\nstate: backup\nconnecting: " + source + "\n", backup(ovsdbctl.LinkConnecting, source)},
		{"new, replicating", nb, "database: OVN_Northbound\nstate: backup\nreplicating: " + source + "\n\n", backup(ovsdbctl.LinkReplicating, source)},
		{
			"new, excluded tables", nb,
			"database: OVN_Northbound\nstate: backup\nreplicating: " + source + "\nexclude: OVN_Northbound:ACL\n",
			backup(ovsdbctl.LinkReplicating, source),
		},
		{"new, not connected", nb, "database: OVN_Northbound\nstate: backup\nnot connected to " + source + "\n", backup(ovsdbctl.LinkNotConnected, source)},
		{"new, failed", nb, "database: OVN_Northbound\nstate: backup\nReplication to (" + source + ") failed\n", backup(ovsdbctl.LinkFailed, source)},
		{
			"new, not configured", nb,
			"database: OVN_Northbound\nstate: backup\nOVN_Northbound is not configured for replication\n",
			backup(ovsdbctl.LinkUnconfigured, ""),
		},
		{
			"new, first of two blocks without an empty line between", nb,
			"database: OVN_Northbound\nstate: backup\nconnecting: " + source + "\ndatabase: OVN_Southbound\nstate: active\n\n",
			backup(ovsdbctl.LinkConnecting, source),
		},
		{
			"new, second of two blocks", sb,
			"database: OVN_Northbound\nstate: active\n\ndatabase: OVN_Southbound\nstate: backup\nreplicating: " + source + "\n\n",
			backup(ovsdbctl.LinkReplicating, source),
		},
		{"an unknown line more", nb, "state: backup\nmood: good\nconnecting: " + source + "\n", backup(ovsdbctl.LinkConnecting, source)},
	}
}

func TestParseSyncStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range syncStatusCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Database = tt.database
			got, err := ovsdbctl.ParseSyncStatus(tt.database, tt.reply)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("status differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSyncStatusRefusesUnknownForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reply string
		want        error
	}{
		{"nothing", "", ovsdbctl.ErrProtocol},
		{"empty lines", "\n\n", ovsdbctl.ErrProtocol},
		{"unknown role", "state: relay\n", ovsdbctl.ErrProtocol},
		{"backup of nothing", "state: backup\n", ovsdbctl.ErrProtocol},
		{"active that replicates", "state: active\nreplicating: tcp:192.0.2.1:6641\n", ovsdbctl.ErrProtocol},
		{"no role", "database: OVN_Northbound\n", ovsdbctl.ErrProtocol},
		{"role of another database", "database: OVN_Southbound\nstate: active\n\n", ovsdbctl.ErrNoDatabase},
		{"database whose name begins like ours", "database: OVN_Northbound2\nstate: active\n\n", ovsdbctl.ErrNoDatabase},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ovsdbctl.ParseSyncStatus(nb, tt.reply)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func FuzzParseSyncStatus(f *testing.F) {
	for _, tt := range syncStatusCases() {
		f.Add(tt.database, tt.reply)
	}
	f.Fuzz(func(t *testing.T, database, reply string) {
		status, err := ovsdbctl.ParseSyncStatus(database, reply)
		if err != nil {
			if !errors.Is(err, ovsdbctl.ErrProtocol) && !errors.Is(err, ovsdbctl.ErrNoDatabase) {
				t.Errorf("unclassified error: %v", err)
			}
			return
		}
		active := status.Role == ovsdbctl.RoleActive && status.Link == "" && status.Source == ""
		backup := status.Role == ovsdbctl.RoleBackup && status.Link != ""
		if !active && !backup {
			t.Errorf("impossible status %#v", status)
		}
	})
}
