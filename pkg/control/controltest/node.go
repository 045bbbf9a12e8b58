package controltest

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/process"
)

// NewNode returns a node of c with directories of its own. Its servers are
// stopped when the test ends.
func NewNode(t *testing.T, c *Cluster, name, address string, ports [2]uint16) *control.Controller {
	t.Helper()
	return NewNodeOf(t, c, process.PairOVN, name, address, ports)
}

// NewNodeOf is [NewNode] for another pair of databases.
func NewNodeOf(t *testing.T, c *Cluster, pair process.Pair, name, address string, ports [2]uint16) *control.Controller {
	t.Helper()
	directory, err := os.MkdirTemp("", "ovn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	layout, err := process.DiscoverLayout(process.Layout{
		RunDir: filepath.Join(directory, "run"), DatabaseDir: filepath.Join(directory, "db"), LogDir: filepath.Join(directory, "log"), Pair: pair,
	})
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(t.Output())
	log.SetLevel(logrus.DebugLevel)
	node := &control.Controller{
		Instance: "ovndb", Node: name, Layout: layout,
		StateDir: filepath.Join(directory, "state"), RunDir: filepath.Join(directory, "state-run"),
		Units: control.Units(layout,
			control.Endpoint{Protocol: "tcp", Port: ports[0]}, control.Endpoint{Protocol: "tcp", Port: ports[1]}),
		Listening: control.Listening{
			MasterIP: netip.MustParseAddr("127.0.0.9"), NodeAddress: netip.MustParseAddr(address), MasterIPOnly: true,
			ClientProbe: 5 * time.Second, ReplicationProbe: time.Minute,
		},
		Cluster:   nodeCluster{Cluster: c, node: name},
		CanListen: network.Interfaces{}.CanListen,
		Holds:     func(a netip.Addr) bool { return a.String() == address || a.String() == "127.0.0.9" },
		Log:       log.WithField("node", name),
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := node.Stop(ctx); err != nil {
			t.Errorf("node %s does not stop: %v", name, err)
		}
	})
	return node
}

// FreePorts returns two ports that no other program is given until the test ends.
func FreePorts(t *testing.T) [2]uint16 {
	t.Helper()
	return [2]uint16{ovsdbctltest.Port(t), ovsdbctltest.Port(t)}
}
