package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// newBusyNode returns a node whose northbound server works without end and does not answer on its
// control socket, until it is let answer.
func newBusyNode(t *testing.T) (node *control.Controller, letAnswer func()) {
	t.Helper()
	node = controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.Units[0].Server.Peer = nil // this process is to pass for the server
	must(t, node.Start(testContext(t)))
	must(t, node.Units[0].Server.Activate(testContext(t)))
	// Enough rows for the server to have more work than its clients, of which some start meanwhile.
	for range 10 {
		transact(t, node, `["OVN_Northbound"`+strings.Repeat(`,{"op":"insert","table":"Logical_Switch","row":{"name":"y"}}`, 500)+`]`)
	}
	parkUnit(t, node.Units[0])
	u := node.Units[0]
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	// Each of these operations compares all rows, and finds none.
	work := `["OVN_Northbound"` + strings.Repeat(`,{"op":"select","table":"Logical_Switch","where":[["name","==","x"]],"columns":["name"]}`, 600) + `]`
	for range 6 {
		working.Go(func() {
			for ctx.Err() == nil {
				_ = exec.CommandContext(ctx, "ovsdb-client", "transact", "unix:"+u.Server.DataSocket, work).Run()
			}
		})
	}
	awaitWork(t, u)
	must(t, os.Rename(u.Server.ControlSocket, u.Server.ControlSocket+".real"))
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: u.Server.ControlSocket})
	must(t, err)
	listener.SetUnlinkOnClose(false)
	t.Cleanup(func() {
		_ = listener.Close()
		stop()
		working.Wait()
	})
	letAnswer = sync.OnceFunc(func() { // after the work that has begun
		stop()
		if err := os.Rename(u.Server.ControlSocket+".real", u.Server.ControlSocket); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(letAnswer)
	return node, letAnswer
}

// awaitWork returns once the server of a unit works: its clients may take a second to start.
func awaitWork(t *testing.T, u control.Unit) {
	t.Helper()
	pid, err := u.Running()
	must(t, err)
	begun, err := process.Inspect(pid)
	must(t, err)
	eventually(t, "the server to work", func() bool {
		now, err := process.Inspect(pid)
		return err == nil && now.CPUTime-begun.CPUTime > 200*time.Millisecond
	})
}

// The state is a backup whose server works on a large transaction when it is to lead. Outcome: the
// promotion waits until it answers, and the server lives.
func TestPromotionWaitsForABusyServer(t *testing.T) {
	t.Parallel()
	node, letAnswer := newBusyNode(t)
	before := controltest.PIDs(t, node)
	promoted := make(chan error, 1)
	go func() { promoted <- node.Promote(testContext(t), replication.Participants{}) }()
	eventually(t, "the promotion to find the server busy", func() bool {
		_, err := os.Stat(filepath.Join(node.RunDir, "OVN_Northbound.busy"))
		return err == nil || len(promoted) > 0
	})
	letAnswer()
	must(t, <-promoted)
	if after := controltest.PIDs(t, node); after != before {
		t.Errorf("the servers were %v and are %v", before, after)
	}
	wantHealth(t, node, replication.HealthActive)
}

// The state is the same, and the server stays busy for longer than the promotion may take. Outcome: the
// promotion fails in time with that reason, which counts against no node, and the server lives.
func TestPromotionOfAServerThatStaysBusyFailsInTimeAndLeavesItAlone(t *testing.T) {
	t.Parallel()
	node, _ := newBusyNode(t)
	before := controltest.PIDs(t, node)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if err := node.Promote(ctx, replication.Participants{}); !errors.Is(err, control.ErrServerBusy) || ctx.Err() != nil {
		t.Errorf("promoting returned %v; its deadline: %v", err, ctx.Err())
	}
	if after := controltest.PIDs(t, node); after != before || node.Promoted() {
		t.Errorf("the servers were %v and are %v, and the node leads a term: %t", before, after, node.Promoted())
	}
	if _, err := os.Stat(filepath.Join(node.RunDir, "election-lost")); err != nil {
		t.Errorf("the next stop does not clear the fail count: %v", err)
	}
}
