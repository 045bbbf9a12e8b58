package supervisor

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/control"
)

func TestMonitorIsLostAfterThreeIntervalsAndAtLeastAMinute(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	type look struct {
		second  int // of the look
		monitor int // when the last monitor came
		excused bool
		asked   int // when the cluster was asked last
		lost    bool
	}
	for _, tt := range []struct {
		name     string
		interval time.Duration
		looks    []look
	}{
		{"10 s: lost after a minute, and found by the next one", 10 * time.Second, []look{
			{0, 0, false, 0, false}, {59, 0, false, 59, false}, {60, 0, false, 59, true}, {70, 70, false, 59, false}, {129, 70, false, 129, false}, {130, 70, false, 129, true},
		}},
		{"30 s: lost after a minute and a half", 30 * time.Second, []look{
			{0, 0, false, 0, false}, {89, 0, false, 89, false}, {90, 0, false, 89, true},
		}},
		{"none has ever come: none is missed", 0, []look{
			{0, 0, false, 0, false}, {3600, 0, false, 3600, false},
		}},
		{"the last one came long before the first look: its time begins there", 10 * time.Second, []look{
			{1000, 0, false, 1000, false}, {1059, 0, false, 1059, false}, {1060, 0, false, 1059, true},
		}},
		{"an action is under way, or the resource is in maintenance: the time begins after that", 10 * time.Second, []look{
			{0, 0, false, 0, false}, {50, 0, true, 50, false}, {109, 0, false, 109, false}, {110, 0, false, 109, true}, {111, 0, true, 111, false},
		}},
		{"the cluster was not asked since: it may have left the resource alone", 10 * time.Second, []look{
			{0, 0, false, 0, false}, {60, 0, false, 29, false}, {600, 0, false, 29, false}, {601, 0, false, 30, true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var w monitorWatch
			for _, l := range tt.looks {
				last := control.LastMonitor{At: at(l.monitor), Interval: tt.interval}
				if lost := w.observe(at(l.second), last, l.excused, at(l.asked)); lost != l.lost {
					t.Errorf("at %d s lost is %v, want %v", l.second, lost, l.lost)
				}
			}
		})
	}
}

func TestMonitorThatTheClusterHasLostIsAProblemAndLoggedOnceAndNothingElseIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.monitor = control.LastMonitor{At: time.Now(), Interval: 10 * time.Second}
		_, _, log := start(t, n, func(l *loop) { l.cleanup = "crm_resource --cleanup" })
		lost := func() int {
			lines := 0
			for _, e := range log.AllEntries() {
				if strings.Contains(e.Message, "no monitor has come") {
					lines++
				}
			}
			return lines
		}
		wait(55 * time.Second)
		if saved := locked(n, &n.saved); saved.Unmonitored != "" || lost() > 0 {
			t.Errorf("before its time: %q, %d lines", saved.Unmonitored, lost())
		}
		wait(2 * time.Minute)
		saved := locked(n, &n.saved)
		if !strings.Contains(saved.Unmonitored, "crm_resource --cleanup") || lost() != 1 {
			t.Errorf("the problem is %q, %d lines", saved.Unmonitored, lost())
		}
		if len(saved.Reasons) > 0 || saved.GaveUp || n.count("escalate")+n.count("repair") > 0 {
			t.Errorf("more is done: %+v", saved)
		}
		n.set(func() { n.monitor.At = time.Now() })
		wait(time.Second)
		if saved := locked(n, &n.saved); saved.Unmonitored != "" {
			t.Errorf("a monitor has come: %q", saved.Unmonitored)
		}
		n.set(func() { n.cluster.Unmanaged = true })
		wait(3 * time.Minute)
		if saved := locked(n, &n.saved); saved.Unmonitored != "" {
			t.Errorf("in maintenance: %q", saved.Unmonitored)
		}
	})
}
