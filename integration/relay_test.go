//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The relay of the test, on a node that stays a backup, and what its client prints.
const (
	relayPort   = "16642"
	relayPID    = "/run/relay.pid"
	clientPID   = "/run/relay-client.pid"
	clientPrint = "/run/relay-client.out"
)

// From a client of a relay that connects to the virtual address: after a failover it has the same
// session, was told of no row that went, and writes through the relay again.
func TestClientOfARelayNoticesNothingOfAFailover(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	db := ovsdb.Southbound()
	active, others := s.promoted()
	relay := others[0]
	s.startRelay(relay, db)
	s.await("a client of the relay", func(ctx context.Context) error { // which has to copy the database first
		_, err := s.MustExec(ctx, relay, "sh", "-c", fmt.Sprintf("OVS_RUNDIR=/run ovsdb-client --detach --pidfile=%s monitor tcp:127.0.0.1:%s %s %s > %s 2>&1",
			clientPID, relayPort, db.Name, db.Table, clientPrint))
		return err
	})
	through := ovsdb.StartWriter(s.ctx, net.JoinHostPort(s.addressOf(relay), relayPort), db, "relay-"+t.Name())
	t.Cleanup(through.Stop)
	s.wantAck(through, time.Time{})

	began := time.Now()
	s.check(s.Standby(s.ctx, active))
	s.check(s.Await(s.ctx, "another node to lead", cluster.PromotedElsewhere(active)))
	s.check(s.Unstandby(s.ctx, active))
	ack := s.wantAck(through, time.Now())
	t.Logf("a row of the relay's client was acknowledged %s after the standby", ack.At.Sub(began).Round(time.Millisecond))
	through.Stop()
	awaitRows(s.ctx, t, s.Cluster, db, through.AckedNames())

	s.exec(relay, "sh", "-c", "kill -0 $(cat "+clientPID+")")
	if printed := s.exec(relay, "cat", clientPrint); strings.Contains(printed, " delete ") || !strings.Contains(printed, " insert ") {
		t.Errorf("the client was told of rows that went, or of none that came:\n%s", printed)
	}
	s.end()
}

// startRelay starts a relay of a database on a node. It ends with the test.
func (s *trial) startRelay(node string, db ovsdb.Database) {
	s.t.Helper()
	s.exec(node, "ovsdb-server", "--detach", "--no-chdir", "--pidfile="+relayPID, "--unixctl=/run/relay.ctl", "--log-file=/run/relay.log",
		"--remote=ptcp:"+relayPort, "relay:"+db.Name+":tcp:"+s.Endpoint(db))
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			_, err := s.Exec(ctx, node, "sh", "-c", "kill $(cat "+clientPID+" "+relayPID+")")
			return err
		})
	})
}

// wantAck awaits a row that is acknowledged later than after.
func (s *trial) wantAck(writer *ovsdb.Writer, after time.Time) ovsdb.Ack {
	s.t.Helper()
	ack, err := writer.AwaitAck(s.ctx, after)
	s.check(err)
	return ack
}

// addressOf returns a node's own address.
func (h hand) addressOf(node string) string {
	h.t.Helper()
	found, err := h.Node(node)
	if err != nil {
		h.t.Fatal(errors.Join(err, h.ctx.Err()))
	}
	return found.Address.String()
}
