package main

import (
	"os"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
)

// assessed returns all reasons that the scenarios of monitor have, which are those of replication.Assess.
func assessed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../pkg/replication/testdata/decisions/monitor.txt")
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for line := range strings.Lines(string(text)) {
		reason, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "  ")
		if found && !strings.HasPrefix(reason, "repair: ") && !strings.HasPrefix(reason, "score: ") {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// Most of what is repaired at once needs no more than to be understood: events says what was done.
func TestEachProblemOfStatusNamesTheCommandThatHelpsNext(t *testing.T) {
	t.Parallel()
	r := report{Servers: []serverReport{
		{Database: "OVN_Northbound", ReplicatesFrom: "tcp:n1:6641", File: "/var/lib/ovn/ovnnb_db.db"},
		{Database: "OVN_Southbound", ReplicatesFrom: "tcp:n1:6642", File: "/var/lib/ovn/ovnsb_db.db"},
	}}
	reasons := assessed(t)
	if len(reasons) < 50 {
		t.Fatalf("%d reasons: the test proves nothing", len(reasons))
	}
	for _, reason := range reasons {
		r.problem(reason)
	}
	for _, promoted := range []int{0, 2} {
		other := report{Servers: r.Servers}
		for range promoted {
			other.Cluster.Nodes = append(other.Cluster.Nodes, nodeReport{Name: "n", Role: "Promoted"})
		}
		other.checkPromoted()
		r.Problems = append(r.Problems, other.Problems...)
	}
	for _, problem := range r.Problems {
		if !namesCommand(problem) {
			t.Errorf("no command: %s", problem)
		}
	}
}

func TestNextCommandFitsTheProblem(t *testing.T) {
	t.Parallel()
	r := report{Servers: []serverReport{
		{Database: "OVN_Northbound", ReplicatesFrom: "ssl:192.0.2.2:6641", File: "/var/lib/ovn/ovnnb_db.db"},
		{Database: "OVN_Southbound", ReplicatesFrom: "tcp:192.0.2.2:6642", File: "/var/lib/ovn/ovnsb_db.db"},
	}}
	for problem, next := range map[string]string{
		"the OVN_Southbound data here is stale for 54s: it cannot reach the promoted node: x":            "ovndb-servers status --sb tcp:192.0.2.2:6642",
		"the OVN_Northbound data here is stale for 54s: it cannot reach the promoted node: x":            "ovndb-servers status -v",
		"the OVN_Northbound data here is stale for 54s: it is at beat 3, and the promoted node at 5":     "ovndb-servers status -v",
		"this node's data may not lead: it was behind":                                                   "ovndb-servers explain",
		"the OVN_Northbound server (pid 4711) was not started by this resource (x) and is left as it is": "systemctl status 4711",
		"the databases cannot be written to disk: no space left on device":                               "df -h /var/lib/ovn",
		"clients or backups cannot connect: address in use":                                              "ss -ltnp",
		"Pacemaker or Corosync does not run on this node, which serves no clients":                       "systemctl status corosync pacemaker",
		"ovn-northd is not started: OVN_Southbound has schema 0.0.1":                                     "ovndb-servers upgrade",
		"the cluster record could not be read":                                                           "crm_mon -1rfA",
		"the OVN_Northbound server died and is being restarted":                                          "ovndb-servers events --since 1h",
	} {
		got := r.withNext(problem)
		if !strings.HasPrefix(got, problem+"; ") || !strings.HasSuffix(got, ": "+next) {
			t.Errorf("%q, want %q at its end", got, next)
		}
	}
	const named = "node node3 is offline; see: crm_mon -1rfA"
	if got := r.withNext(named); got != named {
		t.Errorf("%q has two commands", got)
	}
	for _, db := range ovsdbctl.KnownDatabases() {
		if newStatusCommand(program{}).Flags().Lookup(strings.TrimPrefix(remoteOption(db.Name), "--")) == nil {
			t.Errorf("%s has no option", db.Name)
		}
	}
}
