package cluster

import (
	"context"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// freezeTimeout bounds the attempts to freeze a node.
const freezeTimeout = 20 * time.Second

// Freeze stops every process of a node from running, as where a virtual machine
// is suspended: its addresses stay, and nothing answers there. The kernel cannot freeze
// processes that are just being made, or wait for a disk; docker then leaves all of them
// running, and Freeze asks it again.
func (c *Cluster) Freeze(ctx context.Context, node string) error {
	ctx, cancel := context.WithTimeout(ctx, freezeTimeout)
	defer cancel()
	if _, err := c.firstProcess(ctx, node); err != nil {
		return fmt.Errorf("cannot freeze %s: %w", node, err)
	}
	err := c.AwaitThat(ctx, node+" to freeze", func(ctx context.Context) error { return c.onContainer(ctx, node, "pause") })
	c.setFrozen(node, err == nil)
	return err
}

// Thaw lets a frozen node go on where it was.
func (c *Cluster) Thaw(ctx context.Context, node string) error {
	err := c.onContainer(ctx, node, "unpause")
	if err == nil {
		c.setFrozen(node, false)
	}
	return err
}

// PowerOff ends a node as a power failure does. Its disk stays; the files in /run are lost.
func (c *Cluster) PowerOff(ctx context.Context, node string) error {
	return c.onContainer(ctx, node, "kill")
}

// PowerOn boots a node that was powered off.
func (c *Cluster) PowerOn(ctx context.Context, node string) error {
	return c.onContainer(ctx, node, "start")
}

// onContainer runs a docker command on a node's container.
func (c *Cluster) onContainer(ctx context.Context, node, command string) error {
	target, err := c.Node(node)
	if err != nil {
		return err
	}
	if _, err := docker(ctx, command, target.Container); err != nil {
		return fmt.Errorf("cannot %s %s: %w", command, node, err)
	}
	return nil
}

// Kill sends a signal to the process whose number is in a file of a node, and
// returns that number.
func (c *Cluster) Kill(ctx context.Context, node, pidfile string, signal syscall.Signal) (int, error) {
	text, err := c.MustExec(ctx, node, "cat", pidfile)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s on %s holds no process number: %w", pidfile, node, err)
	}
	return pid, c.Signal(ctx, node, pid, signal)
}

// Signal sends a signal to a process of a node.
func (c *Cluster) Signal(ctx context.Context, node string, pid int, signal syscall.Signal) error {
	_, err := c.MustExec(ctx, node, "kill", "-"+strconv.Itoa(int(signal)), strconv.Itoa(pid))
	return err
}

// Partition cuts a node off from its network: from all of it, or from the named nodes
// alone, so that clients still reach it. Packets are dropped silently, and
// the node keeps its addresses. [Cluster.Heal] undoes it.
func (c *Cluster) Partition(ctx context.Context, node string, from ...string) error {
	if len(from) == 0 {
		return c.drop(ctx, node, nil)
	}
	for _, name := range from {
		other, err := c.Node(name)
		if err != nil {
			return err
		}
		if err := c.drop(ctx, node, []string{other.Address.String()}); err != nil {
			return err
		}
	}
	return nil
}

// CutReplication cuts the sessions between a node's database servers and those of all
// others, and keeps new ones from being made. Clients reach the node and the cluster stays
// connected: only the databases' ports are cut, and only between nodes. [Cluster.Heal]
// undoes it.
func (c *Cluster) CutReplication(ctx context.Context, node string) error {
	// The ports of the two databases follow each other.
	const script = `ports=$1 iptables=$2; shift 2; for peer; do for side in --sport --dport; do
$iptables -w -I INPUT -s "$peer" -p tcp $side "$ports" -j DROP && $iptables -w -I OUTPUT -d "$peer" -p tcp $side "$ports" -j DROP || exit
done; done`
	args := []string{"sh", "-c", script, "cut", ovsdb.Northbound().Port + ":" + ovsdb.Southbound().Port, c.config.firewall()}
	for _, other := range c.nodes {
		if other.Name != node {
			args = append(args, other.Address.String())
		}
	}
	if _, err := c.MustExec(ctx, node, args...); err != nil {
		return fmt.Errorf("cannot cut the replication of %s: %w", node, err)
	}
	return nil
}

// drop makes a node drop the packets from and to an address, or from and to all but its
// own.
func (c *Cluster) drop(ctx context.Context, node string, address []string) error {
	source, destination := []string{"!", "-i", "lo"}, []string{"!", "-o", "lo"}
	if len(address) > 0 {
		source, destination = append(source, "-s", address[0]), append(destination, "-d", address[0])
	}
	rules := [][]string{
		append([]string{c.config.firewall(), "-w", "-I", "INPUT", "-j", "DROP"}, source...),
		append([]string{c.config.firewall(), "-w", "-I", "OUTPUT", "-j", "DROP"}, destination...),
	}
	for _, rule := range rules {
		if _, err := c.MustExec(ctx, node, rule...); err != nil {
			return fmt.Errorf("cannot cut %s off: %w", node, err)
		}
	}
	return nil
}

// Heal ends a node's partition.
func (c *Cluster) Heal(ctx context.Context, node string) error {
	if _, err := c.MustExec(ctx, node, c.config.firewall(), "-w", "-F"); err != nil {
		return fmt.Errorf("cannot heal %s: %w", node, err)
	}
	return nil
}
