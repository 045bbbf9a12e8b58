package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestRepairIsTriedAgainAfterTwoSecondsRarelyIfRefusedAndAServerMadeReadOnlyAtOnceIfUrgentAlsoDuringAnAction(t *testing.T) {
	t.Parallel()
	follow := replication.Repair{Kind: replication.RepairFollow, Database: "OVN_Northbound"}
	elsewhere := replication.Repair{Kind: replication.RepairFollow, Database: "OVN_Northbound", Source: "tcp:192.0.2.2:6641"}
	park := replication.Repair{Kind: replication.RepairPark, Database: "OVN_Southbound"}
	urgent := replication.Repair{Kind: replication.RepairPark, Database: "OVN_Southbound", Urgent: true}
	var r repairTimer
	for _, tt := range []struct {
		at      time.Duration
		repairs []replication.Repair
		acting  bool
		due     bool
		end     time.Duration
		refused bool // the attempt, if it is due, ends so
		record  string
	}{
		{at: 0},
		{at: 0, repairs: []replication.Repair{follow}, due: true, end: time.Second},
		{at: 2 * time.Second, repairs: []replication.Repair{follow}},
		{at: 2500 * time.Millisecond, repairs: []replication.Repair{follow, park}, due: true, end: 2500 * time.Millisecond},
		{at: 4 * time.Second, repairs: []replication.Repair{follow}},
		{at: 4500 * time.Millisecond, repairs: []replication.Repair{follow}, due: true, end: 5 * time.Second},
		{at: 6 * time.Second, repairs: []replication.Repair{park}, acting: true},
		{at: 6 * time.Second, repairs: []replication.Repair{urgent}, acting: true, due: true, end: 6 * time.Second},
		{at: 10 * time.Second, repairs: []replication.Repair{follow}, due: true, end: 10 * time.Second, refused: true},
		{at: 39 * time.Second, repairs: []replication.Repair{follow}},
		{at: 39 * time.Second, repairs: []replication.Repair{urgent}, due: true, end: 39 * time.Second},
		{at: 41 * time.Second, repairs: []replication.Repair{follow}, due: true, end: 41 * time.Second, refused: true},
		{at: 70 * time.Second, repairs: []replication.Repair{follow}},
		{at: 71 * time.Second, repairs: []replication.Repair{follow}, due: true, end: 71 * time.Second, refused: true},
		{at: 73 * time.Second, repairs: []replication.Repair{follow}, record: "of another term", due: true, end: 73 * time.Second, refused: true},
		{at: 75 * time.Second, repairs: []replication.Repair{elsewhere}, record: "of another term", due: true, end: 75 * time.Second},
		{at: 77 * time.Second, repairs: []replication.Repair{elsewhere}, record: "of another term", due: true, end: 77 * time.Second},
		{at: time.Hour},
	} {
		v := replication.Verdict{Repairs: tt.repairs, Refused: tt.refused}
		due := r.due(time.Unix(0, 0).Add(tt.at), v, tt.record, tt.acting)
		if due != tt.due {
			t.Errorf("after %s: due %v, want %v", tt.at, due, tt.due)
		}
		if due {
			r.done(time.Unix(0, 0).Add(tt.end), v, tt.record)
		}
	}
}

// newElsewhere is a backup that replicates from another server than the promoted node's.
func newElsewhere() *fakeNode {
	n := newBackup()
	n.observation.Servers[0].Source = "tcp:192.0.2.9:6641"
	return n
}

func TestRepairThatFailedIsAReasonUntilNothingIsToBeRepaired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newElsewhere()
		n.repairErrors = []string{"cannot follow: the certificate of the server is refused"}
		start(t, n)
		wait(10 * time.Second)
		if reasons := locked(n, &n.saved).Reasons; !slices.Equal(reasons[:1], n.repairErrors) {
			t.Errorf("the monitors are told %q", reasons)
		}
		n.set(func() { n.observation.Servers[0].Source = n.cluster.Leader.Sources["OVN_Northbound"] })
		wait(10 * time.Second)
		if reasons := locked(n, &n.saved).Reasons; slices.Contains(reasons, n.repairErrors[0]) {
			t.Errorf("the monitors are told %q of a server that was repaired", reasons)
		}
	})
}

func TestSourceThatIsRefusedForGoodIsTriedRarelyUntilTheRecordChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newElsewhere()
		n.repairErrors, n.refused = []string{"it has another origin"}, true
		_, changed, _ := start(t, n)
		wait(2 * time.Minute)
		if tried := n.count("repair"); tried < 3 || tried > 5 {
			t.Errorf("tried %d times in two minutes", tried)
		}
		if reasons := locked(n, &n.saved).Reasons; !slices.Contains(reasons, "it has another origin") {
			t.Errorf("the monitors are told %q", reasons)
		}
		before := n.count("repair")
		n.set(func() { n.cluster.Record = "9 id9 node1" })
		changed <- struct{}{}
		wait(5 * time.Second)
		if n.count("repair") == before {
			t.Error("it was not tried again in another term")
		}
	})
}

func TestNoRepairIsLoggedWhileAnActionIsUnderWayAndTheFirstOneAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newElsewhere()
		n.acting = true
		_, _, log := start(t, n)
		wait(20 * time.Second)
		if n.count("repair") == 0 || len(log.AllEntries()) > 0 {
			t.Errorf("%d repairs were asked for, and the log is %v", n.count("repair"), log.AllEntries())
		}
		n.set(func() { n.acting, n.repairErrors = false, []string{"the certificate is refused"} })
		wait(10 * time.Second)
		entries := log.AllEntries()
		if len(entries) == 0 || !strings.HasPrefix(fmt.Sprint(entries[0].Data["reason"]), "the certificate is refused; ") {
			t.Errorf("the log is %v", entries)
		}
	})
}
