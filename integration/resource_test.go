//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The whole resource is stopped: nothing of it is left on any node. It is started
// again: the rows are there, and the same ones on every node.
func TestWholeResourceRestarted(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := sharedCluster(t)
	writers := map[string]*ovsdb.Writer{}
	for _, db := range databases() {
		writers[db.Name] = startWriter(ctx, t, c, db)
	}
	for _, writer := range writers {
		writer.Stop()
	}
	if err := c.StopResource(ctx); err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	for _, node := range c.NodeNames() {
		h.wantNothingLeft(node)
		h.want(node, "monitor", exitNotRunning)
	}
	if err := c.StartResource(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx, "the cluster to settle", c.Settled()); err != nil {
		t.Fatal(err)
	}
	for _, db := range databases() {
		awaitRows(ctx, t, c, db, owed(writers[db.Name], keepAll, time.Time{}, ovsdb.Gap{}))
		awaitSameRows(ctx, t, c, db)
	}
}

// awaitSameRows awaits that all nodes have the same rows.
func awaitSameRows(ctx context.Context, t *testing.T, c *cluster.Cluster, db ovsdb.Database) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, rowsTimeout)
	defer cancel()
	err := c.AwaitThat(ctx, "the same rows on all nodes", func(ctx context.Context) error {
		var first []string
		for i, node := range c.NodeNames() {
			names, err := c.NamesOn(ctx, node, db)
			if err != nil {
				return err
			}
			slices.Sort(names)
			if i == 0 {
				first = names
			} else if !slices.Equal(first, names) {
				return fmt.Errorf("%s: %d rows on %s, %d on %s", db.Name, len(first), c.NodeNames()[0], len(names), node)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A node whose database file is damaged does not start, says which file it is and leaves
// it as it is, while the others go on. Once the file is removed and the failure
// cleaned up, the node gets the data from the promoted one.
func TestDamagedDatabaseFile(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	needServers(t)
	ctx, c := sharedCluster(t)
	nb := ovsdb.Northbound()
	writer := startWriter(ctx, t, c, nb)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	node := view.In(cluster.Unpromoted)[0]
	rest := slices.DeleteFunc(c.NodeNames(), func(name string) bool { return name == node })
	h := hand{Cluster: c, t: t, ctx: ctx}
	h.check(c.Standby(ctx, node))
	h.check(c.Await(ctx, "the node to run nothing", c.SettledOn(rest...)))
	const damaged = "no database at all"
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			text, err := c.MustExec(ctx, node, "cat", nb.File)
			if err == nil && text == damaged {
				_, err = c.MustExec(ctx, node, "rm", nb.File)
			}
			return err
		})
	})
	h.check(c.WriteFile(ctx, node, nb.File, 0o640, []byte(damaged)))
	h.check(c.Unstandby(ctx, node))

	h.check(c.Await(ctx, "the start to fail", func(view cluster.View) error {
		return failedWith(view, node, "start", nb.Name, nb.File, "damaged")
	}))
	h.check(c.Await(ctx, "the others to go on", c.SettledOn(rest...)))
	if _, err := writer.AwaitAck(ctx, time.Now()); err != nil {
		t.Error(err)
	}
	if now := h.exec(node, "cat", nb.File); now != damaged {
		t.Errorf("the damaged file was changed to %.100q", now)
	}
	h.exec(node, "rm", nb.File)
	h.check(c.Cleanup(ctx, cluster.Clone))
	h.check(c.Await(ctx, "the node to come back", c.Settled()))
	writer.Stop()
	awaitRows(ctx, t, c, nb, owed(writer, keepAll, time.Time{}, ovsdb.Gap{}))
}

// check ends the test on an error.
func (h hand) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// failedWith returns an error unless a failed action of a node has a reason with all parts.
func failedWith(view cluster.View, node, action string, parts ...string) error {
	for _, failure := range view.Failures {
		if failure.Node != node || !strings.Contains(failure.Operation, "_"+action+"_") {
			continue
		}
		for _, part := range parts {
			if !strings.Contains(failure.ExitReason, part) {
				return fmt.Errorf("the reason of the failed %s does not name %q: %s", action, part, failure.ExitReason)
			}
		}
		return nil
	}
	return fmt.Errorf("no failed %s on %s", action, node)
}

// listenScript takes a port and never answers there, even where sessions of an active
// server have just ended.
const listenScript = `
	my ($address, $port) = @ARGV;
	my $socket = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1) or die $!;
	my @sessions;
	while (my $session = $socket->accept) { push @sessions, $session }
`

// A node where another program has the port that clients use cannot be promoted,
// says which port it is, and another one is promoted instead.
func TestPortTaken(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	needServers(t)
	ctx, c := sharedCluster(t)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	name, sb := view.In(cluster.Unpromoted)[0], ovsdb.Southbound()
	h.takePort(name, sb.Port)
	// One failure is enough to turn to another node, in spite of the constraint.
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error { return c.SetMeta(ctx, cluster.Clone, "migration-threshold", "") })
	})
	h.check(c.SetMeta(ctx, cluster.Clone, "migration-threshold", "1"))
	h.check(c.MovePromoted(ctx, name))
	h.check(c.Await(ctx, "the promotion to fail and another node to be promoted", func(view cluster.View) error {
		return errors.Join(failedWith(view, name, "promote", sb.Name, sb.Port), cluster.PromotedElsewhere(name)(view))
	}))
	if _, err := startWriter(ctx, t, c, sb).AwaitAck(ctx, time.Now()); err != nil {
		t.Error(err)
	}
}

// takePort has another program listen on a port of a node until [hand.freePort], or
// until the test ends.
func (h hand) takePort(name, port string) {
	h.t.Helper()
	node, err := h.Node(name)
	h.check(err)
	h.killLater(name, "the foreign listener", "IO::Socket::INET")
	h.check(h.Spawn(h.ctx, name, "perl", "-MIO::Socket::INET", "-e", listenScript, node.Address.String(), port))
	h.await("the foreign listener", func(ctx context.Context) error {
		listeners, err := h.MustExec(ctx, name, "ss", "-Hltn", "sport = :"+port)
		if err == nil && !strings.Contains(listeners, ":"+port) {
			err = errors.New("no process listens")
		}
		return err
	})
}

// freePort ends the listener of [hand.takePort].
func (h hand) freePort(name string) {
	h.t.Helper()
	processes, err := h.Processes(h.ctx, name)
	h.check(err)
	i := slices.IndexFunc(processes, func(p cluster.Process) bool {
		return strings.HasPrefix(p.Command, "perl ") && strings.Contains(p.Command, "IO::Socket::INET")
	})
	if i < 0 {
		h.t.Fatalf("no foreign listener on %s", name)
	}
	h.check(h.Signal(h.ctx, name, processes[i].PID, syscall.SIGKILL))
}

// undo runs a step that is needed also when the test has run out of time.
func (h hand) undo(do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := do(ctx); err != nil {
		h.t.Error(err)
	}
}

// supervisorPIDFile is the pidfile that the supervisor of a node keeps locked.
const supervisorPIDFile = cluster.RunDir + "/supervisor.pid"

// A server that turns active by itself on an unpromoted node, where the supervisor
// does nothing, is made read-only by the next monitor. Pacemaker records the instance as
// degraded, does not restart it, and records it as healthy once it is.
func TestUnaskedActiveUnderPacemaker(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	needServers(t)
	ctx, c := sharedCluster(t)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	node, nb := view.In(cluster.Unpromoted)[0], ovsdb.Northbound()
	pid := h.exec(node, "cat", nb.PIDFile)
	h.signalSupervisor(node, syscall.SIGSTOP)
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			_, err := c.Kill(ctx, node, supervisorPIDFile, syscall.SIGCONT)
			return err
		})
	})
	h.activate(node, nb)
	h.await("Pacemaker to record it as degraded", func(ctx context.Context) error { return monitorRecorded(ctx, c, node, exitDegraded) })
	h.check(h.readOnly(node, nb))
	h.await("Pacemaker to record it as healthy", func(ctx context.Context) error { return monitorRecorded(ctx, c, node, exitSuccess) })
	view, err = c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Settled()(view); err != nil {
		t.Errorf("%v: %s", err, view)
	}
	for _, failure := range view.Failures { // Pacemaker lists degraded results among them
		if failure.ExitCode != exitDegraded {
			t.Errorf("failed: %+v", failure)
		}
	}
	if now := h.exec(node, "cat", nb.PIDFile); now != pid {
		t.Errorf("the server was restarted: process %s, was %s", now, pid)
	}
}

// signalSupervisor sends a signal to the supervisor of a node.
func (h hand) signalSupervisor(node string, signal syscall.Signal) {
	h.t.Helper()
	if _, err := h.Kill(h.ctx, node, supervisorPIDFile, signal); err != nil {
		h.t.Fatal(err)
	}
}

// monitorRecorded returns an error unless Pacemaker's record of the monitor for unpromoted
// instances on a node has the exit code.
func monitorRecorded(ctx context.Context, c *cluster.Cluster, node string, code int) error {
	text, err := c.Control(ctx, "cibadmin", "--query", "--xpath",
		fmt.Sprintf(`//node_state[@uname="%s"]//lrm_rsc_op[@operation="monitor" and @interval="6000"]`, node))
	if err == nil && !strings.Contains(text, fmt.Sprintf(`rc-code="%d"`, code)) {
		err = fmt.Errorf("not recorded with exit code %d: %s", code, text)
	}
	return err
}
