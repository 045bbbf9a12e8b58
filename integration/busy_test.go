//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The active northbound server works on one transaction for longer than a monitor may
// take: nothing fails over, no server is restarted, and the transaction is carried out.
func TestBusyServerStaysInPlace(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	const (
		rows = 20000
		// busy is longer than the monitors' timeout of 20 s, and than the interval before it.
		busy = 27 * time.Second
	)
	needServers(t)
	ctx, c := sharedCluster(t)
	s := trialOf(ctx, t, c)
	db := ovsdb.Northbound()
	at := c.Endpoint(db)
	s.check(ovsdb.Fill(ctx, at, db, "filler", rows))
	operations, err := ovsdb.OperationsFor(ctx, at, db, busy)
	s.check(err)
	before, pids := s.whoLeads()
	for took := time.Duration(0); took < busy; operations += operations / 5 {
		took, err = ovsdb.KeepBusy(ctx, at, db, operations)
		s.check(err)
		t.Logf("the server was busy for %s", took.Round(100*time.Millisecond))
	}
	s.end()
	s.clear(db)
	if after, now := s.whoLeads(); after != before || !slices.Equal(now, pids) {
		t.Errorf("before, %s led with servers %v; then %s with %v", before, pids, after, now)
	}
	if failures := s.failures(); len(failures) > 0 {
		t.Errorf("the cluster has failures: %v", failures)
	}
}

// whoLeads returns the promoted node, the cluster record and the process of each server
// of the node.
func (s *trial) whoLeads() (leads string, pids []string) {
	s.t.Helper()
	active, _ := s.promoted()
	for _, db := range databases() {
		pid, err := s.MustExec(s.ctx, active, "cat", db.PIDFile)
		s.check(err)
		pids = append(pids, pid)
	}
	return fmt.Sprintf("%s (%s)", active, s.record()), pids
}

// failures returns the fail counts of the resource that are not 0.
func (s *trial) failures() []string {
	s.t.Helper()
	var failures []string
	for _, node := range s.NodeNames() {
		text, err := s.MustExec(s.ctx, node, "crm_failcount", "--query", "--resource", cluster.Resource, "--node", node)
		s.check(err)
		if !strings.HasSuffix(text, "value=0") {
			failures = append(failures, node+": "+text)
		}
	}
	return failures
}
