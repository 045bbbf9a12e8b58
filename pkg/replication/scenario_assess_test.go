package replication_test

import (
	"fmt"
	"strings"
	"testing"

	"ovndb-servers/pkg/replication"
)

// codes are those of the table "Answers of monitor" of docs/architecture.md.
var codes = map[replication.Health]string{
	replication.HealthStopped: "7", replication.HealthBackup: "0", replication.HealthBackupDegraded: "190",
	replication.HealthActive: "8", replication.HealthActiveDegraded: "191",
	replication.HealthFailed: "1", replication.HealthFailedActive: "9",
}

// assess reads "NODE NB SB [own=TERM] [begun] [promoted] [probe] ..." with the conditions of the
// two servers, and prints the answer of monitor, the repairs, and the score.
func (s *scenario) assess(t *testing.T, w words) string {
	t.Helper()
	node := w.arg(0)
	o := replication.Observation{
		Servers: s.servers(w), Own: s.ownTerm(t, node, w),
		ExpectPromoted: w.has("promoted"), Probe: w.has("probe"), Acting: w.has("acting"), Promoting: w.has("promoting"), Restart: w.has("restart"),
		SteppedBack: w.has("stepped-back"), Unmanaged: w.has("unmanaged"),
		NoLeader: w.value("no-leader"), OtherAgent: w.has("other-agent"), TakeOverWaits: w.value("waits"),
	}
	o.Term = o.Own.Judge(s.record)
	if w.has("record-unread") {
		o.Term = ""
	}
	if p := s.candidates[node].Positions; p != nil {
		o.Barred = s.record.Bars(node, p)
	}
	if name := w.value("leader"); name != "" {
		o.Leader = leaderAt(name)
	}
	switch w.value("northd") {
	case "running":
		o.Northd = replication.Northd{Managed: true, PID: 7}
	case "absent":
		o.Northd = replication.Northd{Managed: true}
	case "waits":
		o.Northd = replication.Northd{Managed: true, Waits: "NB waits"}
	case "stopped":
		o.Northd = replication.Northd{Managed: true, PID: 7, Stopped: true}
	}
	v := replication.Assess(o)
	return node + ": " + answerText(v, replication.DecideScore(v, o.Leader, w.has("yielding")))
}

func leaderAt(node string) replication.Leader {
	return replication.Leader{Node: node, Sources: replication.Sources{nb: "tcp:" + node + ":6641", sb: "tcp:" + node + ":6642"}}
}

func (s *scenario) servers(w words) []replication.ServerState {
	servers := []replication.ServerState{{Database: nb, PID: 1}, {Database: sb, PID: 2}}
	for i := range servers {
		servers[i].Condition = replication.Condition(w.arg(1 + i))
		servers[i].Link = replication.LinkConnecting
		if source := w.value("follows"); source != "" {
			servers[i].Source = leaderAt(source).Sources[servers[i].Database]
			servers[i].Link = replication.LinkReplicating
		}
		if w.has("connecting") {
			servers[i].Link = replication.LinkConnecting
		}
		servers[i].Foreign, servers[i].Elsewhere = w.value("foreign"), w.has("elsewhere")
	}
	servers[0].Reason = w.value("reason")
	return servers
}

func answerText(v replication.Verdict, change replication.ScoreChange) string {
	lines := []string{codes[v.Health] + " " + string(v.Health)}
	if v.AwaitsDemotion {
		lines[0] = "8 until it is demoted, " + string(v.Health)
	}
	for _, reason := range v.Reasons {
		lines = append(lines, "  "+reason)
	}
	for _, r := range v.Repairs {
		text := fmt.Sprintf("  repair: %s %s", r.Kind, r.Database)
		if r.Source != "" {
			text += " from " + r.Source
		}
		if r.Urgent {
			text += ", whatever is under way"
		}
		lines = append(lines, text)
	}
	switch {
	case change.Clear:
		lines = append(lines, "  score: none")
	case !change.Keep:
		lines = append(lines, "  score: "+change.Score.String())
	}
	return strings.Join(lines, "\n")
}

// escalate reads "NODE NB SB [own=TERM] [begun] [restarting=nb] [gave-up] [disk-failed]", and prints of which failures the
// cluster is told.
func (s *scenario) escalate(t *testing.T, w words) string {
	t.Helper()
	node := w.arg(0)
	o := replication.Observation{Servers: s.servers(w), Own: s.ownTerm(t, node, w)}
	o.Term = o.Own.Judge(s.record)
	if o.Own != nil && s.record != nil {
		o.Own.Record.Members = s.record.Members
	}
	e := replication.Escalation{Observation: o, GaveUp: w.has("gave-up"), DiskFailed: w.has("disk-failed")}
	if w.value("restarting") == "nb" {
		e.Restarting = []string{nb}
	}
	var told []string
	if failing := e.Failing(); len(failing) > 0 {
		told = append(told, "once it lasts: "+strings.Join(failing, ", "))
	}
	switch {
	case e.DiskLost():
		told = append(told, "at once: the disk")
	case e.Lost():
		told = append(told, "at once: the servers")
	case len(told) == 0:
		told = append(told, "nothing")
	}
	return node + " tells " + strings.Join(told, "; ")
}

// isolated reads "[promoted] [unmanaged] [stack-gone]".
func (s *scenario) isolated(_ *testing.T, w words) string {
	i := replication.Isolation{Promoted: w.has("promoted"), Managed: !w.has("unmanaged"), StackGone: w.has("stack-gone")}
	if i.Dismisses() {
		return "serves no clients"
	}
	return "clients stay"
}
