//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The second resource of a cluster, whose name begins with that of the first.
const (
	secondResource = cluster.Resource + "_2"
	secondClone    = secondResource + "-clone"
	secondVIP      = "second_vip"
)

// From a cluster of two resources, one for each pair of databases and each led by a node of its own,
// under a writer for each database: the node that leads one of them loses its power, and after it the
// one that leads the other. The other resource stays where it is, in its term. No acknowledged row of
// any of the four databases is lost.
func TestSafetyBothPairsOfDatabasesInOneCluster(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownClusterWithin(t, 2*testTimeout, func(*cluster.Config) {})
	s := trialOf(ctx, t, c)
	first, _ := s.promoted()
	s.addSecond(s.Host(101), first)
	s.await("the second resource to lead on another node", func(ctx context.Context) error {
		_, err := s.leads(ctx, secondClone)
		return err
	})
	s.check(s.remove(ctx, `<rsc_location id="second-elsewhere"/>`))
	for _, db := range interconnectDatabases() {
		s.addWriterAt(s.Host(101).String(), db, "second-"+db.Name)
	}
	s.awaitBothHealthy()

	s.loseOneOfTwo(first, cluster.Resource, secondResource)
	second, err := s.leads(ctx, secondClone)
	s.check(err)
	if active, err := s.leads(ctx, cluster.Clone); err != nil || active == second {
		s.check(err)
		s.check(s.MovePromoted(ctx, first))
		s.awaitCluster("the first resource to leave the node that leads the second", cluster.PromotedOn(first))
		s.check(s.ClearMoves(ctx))
		s.check(s.AwaitIdle(ctx))
		s.awaitBothHealthy()
	}
	s.loseOneOfTwo(second, secondResource, cluster.Resource)
	s.end()
	s.wantSeparateState()
}

// interconnectDatabases returns the databases of the second resource.
func interconnectDatabases() []ovsdb.Database {
	return []ovsdb.Database{ovsdb.InterconnectNorthbound(), ovsdb.InterconnectSouthbound()}
}

// addSecond adds the resource of the interconnection's databases, with a virtual IP of its own. The
// constraint second-elsewhere keeps a node from leading it.
func (s *trial) addSecond(vip netip.Addr, except string) {
	s.t.Helper()
	var operations strings.Builder
	for _, op := range cluster.DefaultOperations() {
		fmt.Fprintf(&operations, `<op id="%s-%s-%s" name="%s" interval="%dms" timeout="%dms"`,
			secondResource, op.Name, op.Interval, op.Name, op.Interval.Milliseconds(), op.Timeout.Milliseconds())
		if op.Role != "" {
			fmt.Fprintf(&operations, ` role="%s"`, op.Role)
		}
		operations.WriteString("/>")
	}
	s.create("resources", fmt.Sprintf(`<clone id="%[1]s">
		<meta_attributes id="%[1]s-meta"><nvpair id="%[1]s-promotable" name="promotable" value="true"/>
		<nvpair id="%[1]s-notify" name="notify" value="true"/><nvpair id="%[1]s-interleave" name="interleave" value="true"/></meta_attributes>
		<primitive id="%[2]s" class="ocf" provider="ovn" type="ovndb-servers">
		<instance_attributes id="%[2]s-parameters"><nvpair id="%[2]s-ip" name="master_ip" value="%[3]s"/>
		<nvpair id="%[2]s-databases" name="databases" value="ovn-ic"/></instance_attributes>
		<operations>%[4]s</operations></primitive></clone>`, secondClone, secondResource, vip, &operations))
	s.create("constraints", fmt.Sprintf(`<rsc_location id="second-elsewhere" rsc="%s" role="Promoted" node="%s" score="-INFINITY"/>`, secondClone, except))
	s.create("resources", fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="heartbeat" type="IPaddr2">
		<instance_attributes id="%[1]s-parameters"><nvpair id="%[1]s-ip" name="ip" value="%[2]s"/>
		<nvpair id="%[1]s-bits" name="cidr_netmask" value="24"/></instance_attributes></primitive>`, secondVIP, vip))
	s.create("constraints", fmt.Sprintf(`<rsc_colocation id="second-colocation" rsc="%s" with-rsc="%s" with-rsc-role="Promoted" score="INFINITY"/>`, secondVIP, secondClone))
	s.create("constraints", fmt.Sprintf(`<rsc_order id="second-order" first="%s" first-action="promote" then="%s" then-action="start" kind="Mandatory"/>`, secondClone, secondVIP))
	s.check(s.AwaitIdle(s.ctx))
}

// leads returns the only node on which a clone is promoted.
func (h hand) leads(ctx context.Context, clone string) (string, error) {
	text, err := h.Control(ctx, "crm_resource", "--resource", clone, "--locate")
	if err != nil {
		return "", err
	}
	var found []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if last := len(words) - 1; last > 0 && (words[last] == "Promoted" || words[last] == "Master") {
			found = append(found, words[last-1])
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%s is promoted on %v: %s", clone, found, text)
	}
	return found[0], nil
}

// loseOneOfTwo cuts the power of the node that leads one resource, until another node leads it. The
// other resource must stay where it is, and in its term.
func (s *trial) loseOneOfTwo(node, lost, other string) {
	s.t.Helper()
	s.awaitMore(20)
	stays, err := s.leads(s.ctx, other+"-clone")
	s.check(err)
	if stays == node {
		s.t.Fatalf("both resources are led by %s", node)
	}
	before, wasLost := s.termOf(other), s.termOf(lost)
	s.isLost(node)
	s.check(s.PowerOff(s.ctx, node))
	s.await("another node to lead "+lost, func(ctx context.Context) error {
		leads, err := s.leads(ctx, lost+"-clone")
		if err == nil && leads == node {
			err = errors.New(leads + " leads")
		}
		return err
	})
	s.awaitMore(20)
	s.check(s.PowerOn(s.ctx, node))
	s.awaitCluster("the node to come back", s.Settled())
	s.awaitBothHealthy()
	if leads, err := s.leads(s.ctx, other+"-clone"); err != nil || leads != stays || s.termOf(other) != before {
		s.t.Errorf("%s was led by %s with the record %q, and is by %s with %q (%v)", other, stays, before, leads, s.termOf(other), err)
	}
	if s.termOf(lost) == wasLost {
		s.t.Errorf("%s has another leader and the same term: %q", lost, wasLost)
	}
}

// termOf returns the term, its identifier and its node from the record of a resource.
func (s *trial) termOf(resource string) string {
	s.t.Helper()
	text, err := s.Control(s.ctx, "crm_attribute", "--type", "crm_config", "--set-name", recordSet, "--name", "ovndb-record-"+resource, "--query", "--quiet")
	s.check(err)
	words := strings.Fields(text)
	if len(words) < 3 {
		s.t.Fatalf("the record of %s is %q", resource, text)
	}
	return strings.Join(words[:3], " ")
}

// awaitBothHealthy awaits that both resources are healthy on all nodes, by their own word, which is of the
// databases that each is configured with.
func (s *trial) awaitBothHealthy() {
	s.t.Helper()
	for resource, db := range map[string]ovsdb.Database{cluster.Resource: ovsdb.Northbound(), secondResource: ovsdb.InterconnectNorthbound()} {
		for _, node := range s.NodeNames() {
			s.await(resource+" to be healthy on "+node, func(ctx context.Context) error {
				said, err := s.MustExec(ctx, node, "ovndb-servers", "status", "--resource", resource)
				if err == nil && !strings.Contains(said, " "+db.Name+" ") {
					err = errors.New("it does not name " + db.Name + ": " + said)
				}
				return err
			})
		}
	}
}

// wantSeparateState checks that each resource has its own state on every node.
func (s *trial) wantSeparateState() {
	s.t.Helper()
	for _, node := range s.NodeNames() {
		for base, file := range map[string]string{cluster.StateDir: "", cluster.RunDir: "supervisor.pid"} {
			for _, suffix := range []string{"", "_2"} {
				s.exec(node, "test", "-e", base+suffix+"/"+file)
			}
		}
	}
}
