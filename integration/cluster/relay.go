package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"ovndb-servers/integration/ovsdb"
)

const (
	// relayPort is where clients reach the relay of a node.
	relayPort    = "16642"
	relayPID     = "/run/ovsdb-relay.pid"
	relayControl = "/run/ovsdb-relay.ctl"
)

// StartRelays starts a relay of a database on every node, as docs/relays.md has it, and returns where
// clients reach them. The sources are where the relays reach the database.
func (c *Cluster) StartRelays(ctx context.Context, db ovsdb.Database, sources []string) ([]string, error) {
	remotes := make([]string, len(sources))
	for i, source := range sources {
		remotes[i] = "tcp:" + source
	}
	var addresses []string
	for _, node := range c.nodes {
		result, err := c.ExecEnv(ctx, node.Name, nil, "ovsdb-server", "--detach", "--no-chdir", "--pidfile="+relayPID, "--unixctl="+relayControl,
			"-vconsole:off", "--log-file=/var/log/ovsdb-relay.log", "--remote=ptcp:"+relayPort, "relay:"+db.Name+":"+strings.Join(remotes, ","))
		if err == nil && result.Code != 0 {
			err = errors.New(result.String())
		}
		if err != nil {
			return nil, fmt.Errorf("cannot start the relay on %s: %w", node.Name, err)
		}
		addresses = append(addresses, net.JoinHostPort(node.Address.String(), relayPort))
	}
	return addresses, nil
}

// StopRelays ends the relays of [Cluster.StartRelays]. It is no error if none runs.
func (c *Cluster) StopRelays(ctx context.Context) error {
	return c.ForEachNode(func(node Node) error {
		_, err := c.Exec(ctx, node.Name, "sh", "-c", `[ ! -S "$0" ] || ovs-appctl -T 10 -t "$0" exit`, relayControl)
		return err
	})
}
