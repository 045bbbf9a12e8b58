//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// muteScript takes the place of a control socket, accepts and never answers.
const muteScript = `
	my $path = shift;
	unlink $path;
	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 64) or die $!;
	my @sessions;
	while (my $session = $socket->accept) { push @sessions, $session }
`

// mute makes the control sockets of servers accept and never answer, until the
// test ends. The servers go on.
func (h hand) mute(node string, dbs ...ovsdb.Database) {
	h.t.Helper()
	for _, db := range dbs {
		if err := h.Spawn(h.ctx, node, "perl", "-MIO::Socket::UNIX", "-e", muteScript, db.Control); err != nil {
			h.t.Fatal(err)
		}
		h.killLater(node, "muteScript", db.Control)
		h.await("the mute socket", func(ctx context.Context) error {
			result, err := h.Exec(ctx, node, "ovs-appctl", "--timeout=1", "--target="+db.Control, "version")
			if err == nil && !strings.Contains(result.Stderr, "Alarm clock") && result.Code != int(128+syscall.SIGALRM) {
				err = fmt.Errorf("not mute: %s", result)
			}
			return err
		})
	}
}

// killLater kills the process of perl that has this argument when the test ends.
func (h hand) killLater(node, what, argument string) {
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		processes, err := h.Processes(ctx, node)
		if err != nil {
			h.t.Errorf("cannot end %s: %v", what, err)
		}
		for _, process := range processes {
			if strings.HasPrefix(process.Command, "perl ") && strings.Contains(process.Command, argument) {
				_ = h.Signal(ctx, node, process.PID, syscall.SIGKILL) // it may just have ended
			}
		}
	})
}

// inItsPlace is how an action says that the process at a control socket is not the server.
const inItsPlace = "another process listens in its place"

// Monitor of servers in whose place another process listens, which would never answer, ends in time
// and says so; stop ends the servers nevertheless.
func TestMuteControlSocket(t *testing.T) {
	h := byHand(t)
	node := h.NodeNames()[0]
	h.want(node, "start", exitSuccess)
	h.mute(node, databases()...)
	limit := within(6 * time.Second)
	h.wantReason(h.want(node, "monitor", exitGeneric, limit), ovsdb.Northbound().Name, ovsdb.Southbound().Name, inItsPlace)
	h.want(node, "stop", exitSuccess, limit)
	h.await("no server to run", func(ctx context.Context) error { return h.runsNone(ctx, node, "ovsdb-server") })
	h.want(node, "monitor", exitNotRunning, limit)
}

// Stop ends servers that are stopped by a signal.
func TestStopOfServersStoppedByASignal(t *testing.T) {
	h := byHand(t)
	node := h.NodeNames()[0]
	h.want(node, "start", exitSuccess)
	for _, db := range databases() {
		h.signal(node, db, syscall.SIGSTOP)
	}
	h.want(node, "stop", exitSuccess)
	h.wantNothingLeft(node)
}

// Each action ends before Pacemaker would kill it where another process listens in a server's place:
// start replaces the server, and the others name the database, the socket and what is wrong.
func TestForeignControlSocketHangsNoAction(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	const limit = 4 * time.Second
	nb := ovsdb.Northbound()
	for action, want := range map[string]int{
		"start": exitSuccess, "promote": exitGeneric, "demote": exitGeneric, "monitor": exitGeneric,
	} {
		t.Run(action, func(t *testing.T) {
			h := byHand(t)
			node := h.NodeNames()[0]
			h.want(node, "start", exitSuccess)
			h.mute(node, nb)
			seconds := strconv.FormatFloat(limit.Seconds(), 'f', -1, 64)
			result := h.agent(node, action, within(limit), "timeout", "--signal=KILL", seconds)
			if result.Code != want {
				t.Errorf("%s: %s, want exit code %d", action, result, want)
			}
			if want != exitSuccess {
				h.wantReason(result, nb.Name, nb.Control, inItsPlace)
			}
		})
	}
}
