package replication_test

import (
	"slices"
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestBackupsCopyInOneOrderMembersFirstAndEachWaitsForThoseAhead(t *testing.T) {
	t.Parallel()
	const fresh, stale = replication.FreshnessFresh, replication.FreshnessStale
	record := &replication.Record{Term: 4, TermID: "id4", Node: "node2", Members: []string{"node2", "node3", "node4"}}
	all := []string{"node4", "node1", "node3", "node2"}
	for _, tt := range []struct {
		name    string
		queue   replication.CopyQueue
		ahead   []string
		waiting []string
	}{
		{
			name:    "first member, clients not served: waits for them",
			queue:   replication.CopyQueue{Node: "node3", Record: record, Running: all},
			waiting: []string{"clients"},
		},
		{
			name:  "first member, clients served: begins",
			queue: replication.CopyQueue{Node: "node3", Record: record, Running: all, ClientsServed: true},
		},
		{
			name:    "second member: waits for the first",
			queue:   replication.CopyQueue{Node: "node4", Record: record, Running: all, ClientsServed: true},
			ahead:   []string{"node3"},
			waiting: []string{"node node3"},
		},
		{
			name: "second member, the first is behind: waits for it",
			queue: replication.CopyQueue{
				Node: "node4", Record: record, Running: all, ClientsServed: true, Copied: map[string]replication.Freshness{"node3": stale},
			},
			ahead:   []string{"node3"},
			waiting: []string{"node node3"},
		},
		{
			name: "second member, the first has copied: begins",
			queue: replication.CopyQueue{
				Node: "node4", Record: record, Running: all, ClientsServed: true, Copied: map[string]replication.Freshness{"node3": fresh},
			},
			ahead: []string{"node3"},
		},
		{
			name: "no member: comes after all members whatever its name is",
			queue: replication.CopyQueue{
				Node: "node1", Record: record, Running: all, ClientsServed: true, Copied: map[string]replication.Freshness{"node3": fresh},
			},
			ahead:   []string{"node3", "node4"},
			waiting: []string{"node node4"},
		},
		{
			name:  "second member, the first runs no servers: begins",
			queue: replication.CopyQueue{Node: "node4", Record: record, Running: []string{"node2", "node4"}, ClientsServed: true},
		},
		{
			name:    "members not known: the names decide",
			queue:   replication.CopyQueue{Node: "node3", Record: &replication.Record{Node: "node2"}, Running: all, ClientsServed: true},
			ahead:   []string{"node1"},
			waiting: []string{"node node1"},
		},
		{name: "nothing known: waits for clients", waiting: []string{"clients"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if ahead := tt.queue.Ahead(); !slices.Equal(ahead, tt.ahead) {
				t.Errorf("ahead are %v, want %v", ahead, tt.ahead)
			}
			if waiting := tt.queue.Waiting(); !slices.Equal(waiting, tt.waiting) {
				t.Errorf("it waits for %v, want %v", waiting, tt.waiting)
			}
		})
	}
}
