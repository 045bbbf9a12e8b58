//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// releaseTimeout bounds the upgrade of three nodes.
const releaseTimeout = 8 * time.Minute

// releases are the Debian releases of a cluster before and after its upgrade.
type releases struct {
	from, to cluster.Suite
	// alike says that the packages of both have the same schemas, and the older one no ovn-northd: Debian
	// has no OVN for bullseye any more, whose nodes have the schemas of bookworm.
	alike bool
}

// A cluster of one release becomes one of the next under writers to both databases, in the order of
// docs/upgrade.md: each backup in turn, the promoted node last. Of each node the container is
// replaced, which leaves it its name, its address, its databases, and the state of agent, Corosync and
// Pacemaker.
//
// No acknowledged row is lost, and the role moves once. Where the releases differ in their schemas, the
// databases keep the older ones as long as a node with them is in the cluster, and the newer
// ovn-northd is not started as long; at the end all nodes have the newer schemas, and
// ovn-northd works.
func TestUpgradeOfTheReleaseNodeByNodeLosesNothing(t *testing.T) {
	skipIfShort(t)
	if suite.config.Suite != cluster.Trixie {
		t.Skip("its nodes have releases of their own: it runs once, on trixie")
	}
	for _, r := range []releases{
		{from: cluster.Bullseye, to: cluster.Bookworm, alike: true},
		{from: cluster.Bookworm, to: cluster.Trixie},
		{from: cluster.Trixie, to: cluster.Sid},
	} {
		t.Run(fmt.Sprintf("%s-%s", r.from, r.to), func(t *testing.T) { testUpgradeOfTheRelease(t, r) })
	}
}

func testUpgradeOfTheRelease(t *testing.T, r releases) {
	t.Helper()
	s := newReleaseTrial(t, r)
	active, others := s.promoted()
	s.awaitNorthdOf(r, active, 1)
	began, term, older := time.Now(), s.term(active), s.packagedSchemas(active)
	for _, node := range others {
		s.leave(node)
		s.upgradeNode(node, r.to)
		s.wantSchemas(older, s.NodeNames()...)
	}
	newer := s.packagedSchemas(others[0])
	if (newer == older) != r.alike {
		t.Fatalf("%s has the schemas %s, and %s has %s", r.from, older, r.to, newer)
	}
	s.leave(active)
	s.awaitMore(50)
	s.wantSchemas(older, others...)
	if !r.alike {
		s.wantWaitingNorthd()
	}
	s.upgradeNode(active, r.to)
	s.await("the schemas of "+string(r.to), func(ctx context.Context) error { return s.haveSchemas(ctx, newer, s.NodeNames()...) })
	awaitReplication(s.ctx, t, s.Cluster)
	leader, _ := s.promoted()
	s.awaitNorthdOf(r, leader, 2)
	moves := s.term(leader) - term
	if moves != 1 {
		t.Errorf("the role moved %d times, want 1", moves)
	}
	s.checkPauses(began, moves)
	s.end()
}

// awaitNorthdOf waits until ovn-northd works on a node, if both releases have one, and has done so in a
// number of rounds.
func (s *trial) awaitNorthdOf(r releases, node string, round int) {
	s.t.Helper()
	if r.alike {
		return
	}
	s.awaitNorthd(node)
	s.awaitRound(node, round)
}

// newReleaseTrial is a trial of a cluster of the older release, with ovn-northd where both have one. Its
// rows are of tables that cost ovn-northd little.
func newReleaseTrial(t *testing.T, r releases) *trial {
	t.Helper()
	needServers(t)
	ctx, c := ownClusterWithin(t, releaseTimeout, func(config *cluster.Config) {
		config.Suite = r.from
		if !r.alike {
			config.Parameters = map[string]string{"manage_northd": "yes"}
		}
	})
	s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
	nb, sb := ovsdb.Northbound(), ovsdb.Southbound()
	nb.Table = "Address_Set"
	for i, db := range []ovsdb.Database{nb, sb} {
		s.addWriter(db)
		awaitRows(ctx, t, c, db, []string{s.writers[i].Acks()[0].Name})
	}
	return s
}

// leave has a node run nothing, while it stays in the cluster.
func (s *trial) leave(node string) {
	s.t.Helper()
	s.check(s.Standby(s.ctx, node))
	s.awaitCluster(node+" to leave", s.SettledOn(s.without(node)...))
}

// upgradeNode replaces a node that is in standby, and waits until it is healthy again.
func (s *trial) upgradeNode(node string, release cluster.Suite) {
	s.t.Helper()
	s.awaitMore(50)
	began := time.Now()
	s.check(s.ShutDown(s.ctx, node))
	s.check(s.ReplaceNode(s.ctx, node, release))
	s.check(s.AwaitWhole(s.ctx))
	s.check(s.Unstandby(s.ctx, node))
	s.awaitCluster(node+" to come back", s.Settled())
	s.await(node+" to be healthy", func(ctx context.Context) error { return s.isHealthy(ctx, node) })
	s.t.Logf("%s is back with %s after %.0f s", node, release, time.Since(began).Seconds())
}

// isHealthy returns an error unless the command status is content with a node.
func (s *trial) isHealthy(ctx context.Context, node string) error {
	result, err := s.Exec(ctx, node, "ovndb-servers", "status")
	if err == nil && result.Code != exitSuccess {
		err = fmt.Errorf("status: %s", result)
	}
	return err
}

// wantWaitingNorthd checks that ovn-northd does not run on the promoted node, which says why.
func (s *trial) wantWaitingNorthd() {
	s.t.Helper()
	leader, _ := s.promoted()
	if pids := s.northdPIDs(leader); len(pids) > 0 {
		s.t.Errorf("ovn-northd of a newer package than the databases runs on %s: %v", leader, pids)
	}
	s.awaitCluster("the promoted node's monitor to say why", func(view cluster.View) error {
		return failedWith(view, leader, "monitor", "ovn-northd is not started: ") // a degraded result is listed among the failures
	})
}

// packagedSchemas returns the versions of the schemas of a node's package of OVN.
func (s *trial) packagedSchemas(node string) string {
	s.t.Helper()
	var versions []string
	for _, name := range []string{"nb", "sb"} {
		versions = append(versions, s.exec(node, "ovsdb-tool", "schema-version", "/usr/share/ovn/ovn-"+name+".ovsschema"))
	}
	return strings.Join(versions, " ")
}

// wantSchemas checks that nodes serve schemas of those versions.
func (s *trial) wantSchemas(want string, nodes ...string) {
	s.t.Helper()
	if err := s.haveSchemas(s.ctx, want, nodes...); err != nil {
		s.t.Error(err)
	}
}

// haveSchemas returns an error unless nodes serve schemas of those versions.
func (s *trial) haveSchemas(ctx context.Context, want string, nodes ...string) error {
	for _, node := range nodes {
		var versions []string
		for _, db := range databases() {
			version, err := s.MustExec(ctx, node, "ovsdb-client", "--timeout=5", "get-schema-version", "unix:"+db.Socket, db.Name)
			if err != nil {
				return err
			}
			versions = append(versions, version)
		}
		if got := strings.Join(versions, " "); got != want {
			return fmt.Errorf("%s has the schemas %s, want %s", node, got, want)
		}
	}
	return nil
}

// term returns the term that the data of a node's northbound database has seen last.
func (s *trial) term(node string) int {
	s.t.Helper()
	text := s.exec(node, "ovsdb-client", "--timeout=10", "transact", "unix:"+ovsdb.Northbound().Socket,
		`["OVN_Northbound",{"op":"select","table":"NB_Global","where":[],"columns":["external_ids"]}]`)
	match := regexp.MustCompile(`"ovndb-servers:term","([0-9]+)"`).FindStringSubmatch(text)
	if match == nil {
		s.t.Fatalf("no term in the marker of %s: %s", node, text)
	}
	term, err := strconv.Atoi(match[1])
	s.check(err)
	return term
}

// longPause is a pause that only a move of the role may take, on a machine that is busy.
const longPause = 5 * time.Second

// checkPauses logs how often clients of each database had to wait, and for how long. No more of these pauses may
// be long than the role has moved.
func (s *trial) checkPauses(began time.Time, moves int) {
	s.t.Helper()
	for _, writer := range s.writers {
		var lengths []string
		long := 0
		for _, gap := range writer.Interruptions(began) {
			lengths = append(lengths, gap.Duration().Round(10*time.Millisecond).String())
			if gap.Duration() > longPause {
				long++
			}
		}
		if long > moves {
			s.t.Errorf("%s: %d pauses of its writer were longer than %s, and the role moved %d times", writer.Database().Name, long, longPause, moves)
		}
		s.t.Logf("%s: %d pauses of its writer: %s", writer.Database().Name, len(lengths), strings.Join(lengths, ", "))
	}
}
