//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// An error of replication turns a backup active and writable. The next monitor makes
// it read-only and a backup again; the rows that it took meanwhile are in a snapshot.
func TestSafetyReplicationErrorTurnsABackupActive(t *testing.T) {
	s := newTrial(t)
	active, replicas := s.promoted()
	node, nb := replicas[0], ovsdb.Northbound()
	for name, source := range map[string]func(*trial, string, ovsdb.Database) string{
		"it replicates from itself": (*trial).ownListener,
		"the schemas differ":        (*trial).foreignServer,
	} {
		s.step(name, func(s *trial) {
			took := s.turnActive(node, nb, source(s, node, nb))
			s.await("the server to be read-only", func(context.Context) error { return s.readOnly(node, nb) })
			s.wantKept(node, []extra{{nb, took}})
			s.wantRows(s.NodeNames()...)
		})
	}
	s.awaitCluster("nothing to have moved", cluster.PromotedOn(active))
	s.end()
}

// turnActive points a backup at a source that it cannot replicate from until it has
// taken a row, and returns the names of the rows that it took.
func (s *trial) turnActive(node string, db ovsdb.Database, source string) []string {
	s.t.Helper()
	name := fmt.Sprintf("unasked-%x", time.Now().UnixNano())
	s.await("the backup to turn active", func(ctx context.Context) error {
		err := s.InsertOn(ctx, node, db, name)
		if refused := new(ovsdb.RefusedError); errors.As(err, &refused) {
			s.pointAt(node, db, source)
		}
		return err
	})
	return []string{name}
}

// pointAt makes a server replicate from a source without the agent.
func (s *trial) pointAt(node string, db ovsdb.Database, source string) {
	s.t.Helper()
	s.control(node, db, "ovsdb-server/set-active-ovsdb-server", source)
	s.control(node, db, "ovsdb-server/connect-active-ovsdb-server")
	s.control(node, db, "ovsdb-server/set-active-ovsdb-server-probe-interval", "60000")
}

// ownListener opens a listener of a server until the test ends, and returns how it
// is connected to.
func (s *trial) ownListener(node string, db ovsdb.Database) string {
	s.t.Helper()
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			_, err := s.Exec(ctx, node, "ovs-appctl", "--timeout=10", "--target="+db.Control, "ovsdb-server/remove-remote", "ptcp:16641:127.0.0.1")
			return err
		})
	})
	s.control(node, db, "ovsdb-server/add-remote", "ptcp:16641:127.0.0.1")
	return "tcp:127.0.0.1:16641"
}

// foreignSchema is no schema of OVN's but for the name.
const foreignSchema = `{"name": %q, "version": "0.0.1", "tables": {"Other": {"columns": {"name": {"type": "string"}}}}}`

// foreignServer starts a server of a database that has this one's name and another
// schema, until the test ends, and returns how it is connected to.
func (s *trial) foreignServer(node string, db ovsdb.Database) string {
	s.t.Helper()
	const base = "/tmp/foreign"
	s.check(s.WriteFile(s.ctx, node, base+".ovsschema", 0o644, fmt.Appendf(nil, foreignSchema, db.Name)))
	s.exec(node, "rm", "-f", base+".db")
	s.exec(node, "ovsdb-tool", "create", base+".db", base+".ovsschema")
	s.t.Cleanup(func() {
		s.undo(func(ctx context.Context) error {
			_, err := s.Exec(ctx, node, "ovs-appctl", "--timeout=10", "--target="+base+".ctl", "exit")
			return err
		})
	})
	s.check(s.Spawn(s.ctx, node, "ovsdb-server", "--remote=ptcp:16642:127.0.0.1", "--unixctl="+base+".ctl", base+".db"))
	s.await("the foreign server", func(ctx context.Context) error {
		_, err := s.MustExec(ctx, node, "ovsdb-client", "--timeout=5", "list-dbs", "tcp:127.0.0.1:16642")
		return err
	})
	return "tcp:127.0.0.1:16642"
}
