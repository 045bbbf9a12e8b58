package control_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"sync/atomic"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// A localClient asks for a lock once in each session, as ovn-northd does, and connects again when its
// session ends.
type localClient struct {
	locked   atomic.Bool
	sessions atomic.Int32
}

func newLocalClient(t *testing.T, u control.Unit) *localClient {
	t.Helper()
	c := &localClient{}
	ctx := t.Context()
	go func() {
		for ctx.Err() == nil {
			conn, err := net.Dial("unix", u.Server.DataSocket)
			if err != nil {
				continue
			}
			c.sessions.Add(1)
			stop := make(chan struct{})
			go func() {
				select {
				case <-ctx.Done():
				case <-stop:
				}
				_ = conn.Close()
			}()
			c.hold(conn)
			close(stop)
		}
	}()
	return c
}

// hold asks for the lock, and returns when the session has ended.
func (c *localClient) hold(conn net.Conn) {
	defer c.locked.Store(false)
	if _, err := conn.Write([]byte(`{"id":1,"method":"lock","params":["ovn_northd"]}`)); err != nil {
		return
	}
	decoder := json.NewDecoder(conn)
	for {
		var message struct {
			Method string
			Result struct{ Locked bool }
		}
		if decoder.Decode(&message) != nil {
			return
		}
		if message.Method == "locked" || message.Result.Locked {
			c.locked.Store(true)
		}
	}
}

// locksAreRefused reports whether a backup of the installed Open vSwitch refuses locks: up to 3.2.
func locksAreRefused(t *testing.T) bool {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-server", "--version").Output()
	must(t, err)
	var major, minor int
	_, err = fmt.Sscanf(string(out), "ovsdb-server (Open vSwitch) %d.%d", &major, &minor)
	must(t, err)
	return major < 3 || major == 3 && minor < 3
}

// The state is a client on the local socket of each node's southbound server, which asks for its lock
// while that is a backup. Outcome: the one of the promoted node has it, after each promotion.
func TestClientOnTheLocalSocketOfThePromotedNodeHasItsLock(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	nodes := [2]*control.Controller{
		controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports),
	}
	var clients [2]*localClient
	for i, node := range nodes {
		must(t, node.Start(testContext(t)))
		clients[i] = newLocalClient(t, node.Units[1])
		eventually(t, "the client to connect", func() bool { return clients[i].sessions.Load() > 0 })
	}
	for i := range 3 {
		led, backup := i%2, (i+1)%2
		must(t, nodes[led].Promote(testContext(t), replication.Participants{}))
		eventually(t, "the client of the promoted node to have its lock", clients[led].locked.Load)
		sessions := clients[backup].sessions.Load()
		must(t, nodes[backup].Follow(testContext(t), nodes[led].Node))
		if i > 0 && locksAreRefused(t) {
			eventually(t, "the client of the node that led to connect again", func() bool { return clients[backup].sessions.Load() > sessions })
		}
		eventually(t, "the backup to receive the last beat", func() bool {
			return liveMarkers(t, nodes[backup])[sb] != nil && *liveMarkers(t, nodes[backup])[sb] == *liveMarkers(t, nodes[led])[sb]
		})
		must(t, nodes[led].Demote(testContext(t)))
	}
}
