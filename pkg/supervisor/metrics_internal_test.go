package supervisor

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
)

func TestFileOfTheMetricsIsWrittenWhenTheyChangeAndElseEachMinute(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_700_000_000, 0)
	var f metricsFile
	for _, step := range []struct {
		after time.Duration
		state replication.State
		want  bool
	}{
		{0, replication.StateFresh, true},
		{10 * time.Second, replication.StateFresh, false},
		{20 * time.Second, replication.StateActive, true},
		{79 * time.Second, replication.StateActive, false},
		{80 * time.Second, replication.StateActive, true},
	} {
		now := begin.Add(step.after)
		s := metrics.Snapshot{At: now, State: step.state}
		got := f.due(now, s)
		if got != step.want {
			t.Errorf("after %s, %s: it is due: %v, want %v", step.after, step.state, got, step.want)
		}
		if got {
			f.done(now, s)
		}
	}
}

func TestLastBeatIsTheTimeAtWhichOneWasSeenToCome(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_700_000_000, 0)
	var b beatArrivals
	for i, step := range []struct {
		marker *replication.Marker
		want   int // seconds, -1 for never
	}{
		{nil, -1},
		{&replication.Marker{TermID: "a", Beat: 5}, -1},
		{&replication.Marker{TermID: "a", Beat: 5}, -1},
		{&replication.Marker{TermID: "a", Beat: 6}, 3},
		{nil, 3},
		{&replication.Marker{TermID: "a", Beat: 6}, 3},
		{&replication.Marker{TermID: "a", Beat: 2}, 3},
		{&replication.Marker{TermID: "b", Beat: 1}, 7},
	} {
		b.observe(begin.Add(time.Duration(i)*time.Second), map[string]*replication.Marker{"OVN_Northbound": step.marker})
		at, known := b.at["OVN_Northbound"]
		if want := begin.Add(time.Duration(step.want) * time.Second); known != (step.want >= 0) || known && !at.Equal(want) {
			t.Errorf("after step %d the last beat was at %v (%v), want %v s", i, at, known, step.want)
		}
	}
}

// exporting has the loop of a test keep its last snapshot.
func exporting(e *exporter) func(*loop) {
	e.metrics, e.resource, e.name, e.log = Metrics{File: "/nowhere/ovn.prom"}, "ovn", "node2", logrus.StandardLogger()
	return func(l *loop) { l.exporter = e }
}

func TestSnapshotOfABackupThatFallsBehindAndOfOneWhoseDataIsOfAnEarlierTerm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, e := newBackup(), &exporter{}
		n.markers = map[string]*replication.Marker{"OVN_Northbound": {Term: 4, TermID: "id4"}, "OVN_Southbound": {Term: 3, TermID: "id3"}}
		start(t, n, exporting(e))
		wait(10 * time.Second)
		text := string(e.latest.Latest().Text())
		for _, want := range []string{
			`ovndb_agent_info{resource="ovn",node="node2",version=""} 1`, `ovndb_record_term{resource="ovn"} 4`,
			`ovndb_term{resource="ovn",db="OVN_Southbound"} 3`, `ovndb_data_current{resource="ovn",db="OVN_Southbound"} 0`,
			`ovndb_data_current{resource="ovn",db="OVN_Northbound"} 1`, `ovndb_promotion_score{resource="ovn"} 50`,
			`ovndb_disk_writable{resource="ovn"} 1`, `ovndb_healthy{resource="ovn"} 1`, `ovndb_writable{resource="ovn",db="OVN_Northbound"} 0`,
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("the snapshot lacks %s", want)
			}
		}
		n.set(func() { n.faults = []string{"a fault"} })
		wait(15 * time.Second)
		if s := e.latest.Latest(); s.Healthy {
			t.Error("a node with a fault that monitors report is healthy")
		}
	})
}

func TestNothingIsExportedUnlessItIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &exporter{}
		start(t, newActive(), func(l *loop) { l.exporter = e })
		wait(10 * time.Second)
		if e.latest.Latest() != nil {
			t.Error("a snapshot was made")
		}
	})
}
