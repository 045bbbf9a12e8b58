package supervisor

import (
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestABackupArrivesOnceForEachTimeThatItBecomesFreshInATerm(t *testing.T) {
	t.Parallel()
	fresh := map[string]replication.Freshness{"node2": replication.FreshnessFresh}
	stale := map[string]replication.Freshness{"node2": replication.FreshnessStale}
	var a arrivals
	for i, step := range []struct {
		term  string
		known map[string]replication.Freshness
		want  bool
	}{
		{"T1", nil, false},
		{"T1", stale, false},
		{"T1", fresh, true},
		{"T1", fresh, false},
		{"T1", stale, false},
		{"T1", fresh, true},
		{"T2", stale, false},
		{"T2", fresh, true},
	} {
		if got := a.observe(step.term, step.known); got != step.want {
			t.Errorf("step %d: arrived is %t, want %t", i, got, step.want)
		}
	}
}
