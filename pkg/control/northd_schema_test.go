package control_test

import (
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// newOlderNorthdPair returns two nodes that manage ovn-northd, of which the first leads. Its databases have
// the schemas of an older package, as the second node's package brings them.
func newOlderNorthdPair(t *testing.T) (active, backup *control.Controller) {
	t.Helper()
	needNorthd(t)
	active, backup, nodes := upgradePair(t, 0, 1)
	for _, node := range nodes {
		node.ManageNorthd = true
	}
	wantHealth(t, active, replication.HealthActiveDegraded) // it starts ovn-northd
	wantRound(t, active, 1)
	return active, backup
}

// From a promotion on a node whose package is newer than its databases: it leads without ovn-northd and says
// why. Once the databases are converted, the next monitor starts ovn-northd, which works.
func TestNorthdOfANewerPackageIsStartedAfterTheConversion(t *testing.T) {
	t.Parallel()
	active, backup := newOlderNorthdPair(t)
	must(t, active.Demote(testContext(t)))
	installNewer(t, active)
	must(t, active.Promote(testContext(t), replication.Participants{}))
	wantNoNorthd(t, active)
	for range 2 {
		v := active.Monitor(testContext(t), true)
		if v.Health != replication.HealthActiveDegraded || !strings.Contains(v.Reason(), "ovn-northd is not started: OVN_Northbound has schema "+controltest.OlderSchema) {
			t.Errorf("monitor says %s: %s", v.Health, v.Reason())
		}
		wantNoNorthd(t, active)
	}
	installNewer(t, backup)
	must(t, convert(t, active))
	wantHealth(t, active, replication.HealthActiveDegraded)
	wantHealth(t, active, replication.HealthActive)
	wantRound(t, active, 2)
}

// From a node with an older package than the databases, as one that joins after their conversion: it takes the
// newer schemas, and once it leads its ovn-northd is started and works. OVN upgrades in that order as well.
func TestNorthdOfAnOlderPackageIsStartedOnNewerSchemas(t *testing.T) {
	t.Parallel()
	needNorthd(t)
	active, joining, nodes := upgradePair(t, 1)
	for _, node := range nodes {
		node.ManageNorthd = true
	}
	must(t, joining.Follow(testContext(t), active.Node))
	wantRows(t, joining, "row")
	must(t, active.Demote(testContext(t)))
	must(t, joining.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, joining, replication.HealthActive)
	wantRound(t, joining, 1)
	if version := controltest.SchemaVersion(t, joining.Units[0]); version == controltest.OlderSchema {
		t.Errorf("the node has schema %s", version)
	}
	if plan, err := joining.PlanUpgrade(testContext(t)); err != nil || plan.Waits() != nil || slices.ContainsFunc(plan.Steps, func(s control.UpgradeStep) bool { return s.Due }) {
		t.Errorf("the plan is %+v: %v", plan, err)
	}
}

// From an ovn-northd at work, beside which a newer package is installed: it runs on, as it is of the older one.
func TestNorthdThatRunsIsLeftWhenANewerPackageIsInstalled(t *testing.T) {
	t.Parallel()
	active, _ := newOlderNorthdPair(t)
	pid := northd(t, active)
	installNewer(t, active)
	wantHealth(t, active, replication.HealthActive)
	if now := northd(t, active); now != pid {
		t.Errorf("ovn-northd was process %d and is %d", pid, now)
	}
}

// From a conversion that is refused, as a row does not fit: ovn-northd is started as it is. In the next
// term it waits again, and a conversion by hand that succeeds ends that.
func TestNorthdIsStartedAfterARefusedConversion(t *testing.T) {
	t.Parallel()
	active, backup := newOlderNorthdPair(t)
	must(t, active.Demote(testContext(t)))
	installNewer(t, backup)
	installNewer(t, active)
	fitting := active.Units[0].Files.Schema
	active.Units[0].Files.Schema = unfittingSchema(t, fitting)
	must(t, active.Promote(testContext(t), replication.Participants{}))
	wantNoNorthd(t, active)
	if err := convert(t, active); err == nil {
		t.Fatal("converted")
	}
	wantHealth(t, active, replication.HealthActiveDegraded)
	wantHealth(t, active, replication.HealthActive)
	must(t, active.Demote(testContext(t)))
	must(t, active.Promote(testContext(t), replication.Participants{}))
	wantNoNorthd(t, active)
	active.Units[0].Files.Schema = fitting
	must(t, convert(t, active))
	wantHealth(t, active, replication.HealthActiveDegraded)
	wantHealth(t, active, replication.HealthActive)
}
