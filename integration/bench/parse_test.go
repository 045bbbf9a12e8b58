package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

func TestActionsAreReadFromPacemakersLog(t *testing.T) {
	t.Parallel()
	log := strings.Join([]string{
		"Nov 22 21:16:26.014 node2 pacemaker-execd     [44] (log_execute) \tinfo: executing - rsc:ovndb_servers action:promote call_id:68",
		"Nov 22 21:16:26.014 node2 pacemaker-execd     [44] (log_finished) \tinfo: ovndb_servers promote (call 68, PID 1404) exited with status 0 (execution time 330ms)",
		"Nov 22 21:16:26.606 node2 pacemaker-execd     [44] (log_finished) \tinfo: ovndb_vip start (call 71, PID 1442) exited with status 0 (execution time 312ms)",
		"Nov 22 21:16:27.606 node2 pacemaker-execd     [44] (log_finished) \tinfo: ovndb_servers start (call 72, PID 1443) exited with status 1 (execution time 2.552s after being queued 1ms)",
	}, "\n")
	want := []action{{"promote", 0, 330 * time.Millisecond}, {"start", 1, 2552 * time.Millisecond}}
	if got := actionsIn(log); !reflect.DeepEqual(got, want) {
		t.Errorf("actions %v, want %v", got, want)
	}
}

func TestTimelineTellsEventsInTheirOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 21, 16, 25, 0, time.UTC)
	log := strings.Join([]string{
		"Nov 22 21:16:26.014 node2 pacemaker-execd     [44] (log_execute) \tinfo: executing - rsc:ovndb_servers action:promote call_id:68",
		"Nov 22 21:16:26.020 node2 pacemaker-attrd     [45] (update_attr_on_host) \tnotice: Setting master-ovndb_servers[node1] in instance_attributes: 1 -> 50",
		"Nov 22 21:16:26.021 node2 pacemaker-based     [42] (cib_perform_op) \tinfo: Diff: +++ 0.18.14 quorum",
		"Nov 22 21:16:25.500 [13] node2 corosync notice  [TOTEM ] A new membership (1.2) was formed. Members left: 1",
		"no time is on this line, but quorum",
	}, "\n")
	var line timeline
	gap := ovsdb.Gap{Before: ovsdb.Ack{Name: "a", At: at}, After: ovsdb.Ack{Name: "b", At: at.Add(1500 * time.Millisecond)}}
	line.add(failover{name: "freeze", agent: ourAgent, round: 2, at: at, worst: gap}, eventsIn(log, "node2", at))
	want := "== ours, freeze, round 2: no writes for 1.500 s; seconds since 21:16:25.000 UTC\n" +
		"   0.500  node2   corosync notice [TOTEM ] A new membership (1.2) was formed. Members left: 1\n" +
		"   1.014  node2   pacemaker-execd (log_execute) info: executing - rsc:ovndb_servers action:promote call_id:68\n\n"
	if got := line.text.String(); got != want {
		t.Errorf("timeline:\n%swant:\n%s", got, want)
	}
}

func TestClusterActsOnALossWithTheFirstTransitionAfterTheMembershipWithoutTheNode(t *testing.T) {
	t.Parallel()
	fault := time.Date(2026, 11, 22, 21, 16, 25, 0, time.UTC)
	log := strings.Join([]string{
		"Nov 22 21:16:24.000 [13] node2 corosync notice  [TOTEM ] A new membership (1.1) was formed. Members left: 3",
		"Nov 22 21:16:26.000 node2 pacemaker-schedulerd[45] (pcmk__log_transition_summary) \tnotice: Calculated transition 7, saving inputs",
		"Nov 22 21:16:29.500 node2 pacemaker-schedulerd[45] (pcmk__log_transition_summary) \tnotice: Calculated transition 9, saving inputs",
		"Nov 22 21:16:29.000 node2 pacemaker-schedulerd[45] (pcmk__log_transition_summary) \tnotice: Calculated transition 8, saving inputs",
		"Nov 22 21:16:28.500 [13] node2 corosync notice  [TOTEM ] A new membership (1.2) was formed. Members left: 1",
	}, "\n")
	got, ok := firstTransition(eventsIn(log, "node2", fault), fault)
	if want := fault.Add(4 * time.Second); !ok || !got.Equal(want) {
		t.Errorf("the transition is of %s, %v; want %s", got, ok, want)
	}
	if _, ok := firstTransition(nil, fault); ok {
		t.Error("there is a transition without a log")
	}
}

func TestCostIsThatOfOneCall(t *testing.T) {
	t.Parallel()
	got, err := parseCost("something else\n2.000 0.500 1.500\n", 20)
	if want := (cost{wall: 100, cpu: 100}); err != nil || got != want {
		t.Errorf("cost %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", "1 2", "1 2 x"} {
		if got, err := parseCost(text, 20); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestProcessorTimeOfBothVersionsOfControlGroups(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"33478917": 33478917, "usage_usec 1500\nuser_usec 1000\nsystem_usec 500": 1500 * time.Microsecond,
	} {
		if got, err := processorTime(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "nr_periods 0"} {
		if got, err := processorTime(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestMemoryOfBothVersionsOfControlGroups(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"anon 3145728\nfile 1048576\n": 3, "cache 5242880\nrss 1\ntotal_cache 5242880\ntotal_rss 2097152\n": 2,
	} {
		if got, err := anonymousMemory(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "file 1", "anon x"} {
		if got, err := anonymousMemory(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestVersionIsFoundInTheFirstLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ovsdb-server (Open vSwitch) 3.5.0\n":                             "3.5.0",
		"ovn-nbctl 25.03.0\nOpen vSwitch Library 3.5.0":                   "25.03.0",
		"Corosync Cluster Engine, version '3.1.9'\nCopyright":             "3.1.9",
		"ovndb-servers version 172b25a":                                   "172b25a",
		"Pacemaker 2.1.5-4+deb12u1\nWritten by Andrew Beekhof and others": "2.1.5-4+deb12u1",
		"": "",
	} {
		if got := versionOf(text); got != want {
			t.Errorf("version of %q is %q, want %q", text, got, want)
		}
	}
}

func TestMachineIsReadFromProc(t *testing.T) {
	t.Parallel()
	if got := fieldOf("processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n", "model name"); got != "AMD EPYC" {
		t.Errorf("model %q, want AMD EPYC", got)
	}
	if got := memoryOf("MemTotal:       24683520 kB\nMemFree: 1 kB\n"); got != 24105 {
		t.Errorf("%d MiB, want 24105", got)
	}
	if got := loadOf("0.25 1.00 2.00 1/100 4711\n"); got != 0.25 {
		t.Errorf("load %v, want 0.25", got)
	}
}

func TestLostRowIsCountedOnce(t *testing.T) {
	t.Parallel()
	rows := newAckedRows()
	rows.add("a", "b", "c")
	if missing := len(rows.missing([]string{"a", "x"})); missing != 2 {
		t.Errorf("%d missing, want 2", missing)
	}
	if lost := rows.removeMissing([]string{"a", "x"}); lost != 2 {
		t.Errorf("%d lost, want 2", lost)
	}
	if lost := rows.removeMissing([]string{"a"}); lost != 0 {
		t.Errorf("%d lost once more, want none", lost)
	}
	if lost := rows.removeMissing(nil); lost != 1 {
		t.Errorf("%d lost, want the one that was there until now", lost)
	}
}
