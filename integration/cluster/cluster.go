package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// readyTimeout is the default of Config.ReadyTimeout.
	readyTimeout = 90 * time.Second
	// cleanTimeout bounds the collection of the logs, and the removal of a cluster when the
	// context has ended.
	cleanTimeout = time.Minute
	firstHost    = 11
	vipHost      = 100
)

// Node is one node of a cluster.
type Node struct {
	// Name is the node's name in the cluster, and its host name.
	Name string
	// ID is Corosync's.
	ID int
	// Address is the node's own.
	Address netip.Addr
	// Remote says that it runs Pacemaker Remote in place of Corosync and Pacemaker.
	Remote bool
	// Container is the name that docker knows it by.
	Container string
}

// Cluster is a running Pacemaker cluster.
type Cluster struct {
	config   Config
	progress *Progress
	image    string
	remote   string // the image of the nodes of Pacemaker Remote
	subnet   netip.Prefix
	vip      netip.Addr
	nodes    []Node

	entrances entrances
	views     lastViews
}

// Up brings a cluster up and waits until an instance is promoted, all others are
// unpromoted, and the virtual IP is with the promoted one. Of a cluster that does
// not get there, the logs are collected and the rest is removed.
func Up(ctx context.Context, config Config, progress *Progress) (*Cluster, error) {
	c, err := start(ctx, config, progress)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeoutCause(ctx, c.config.ReadyTimeout, errors.New("the cluster is not ready in time"))
	defer cancel()
	began := time.Now()
	if err := c.Await(ready, "all instances to have their role", c.Settled()); err != nil {
		return nil, c.giveUp(ctx, err)
	}
	progress.Printf("cluster %s ready %.1f s after its start", c.config.Name, time.Since(began).Seconds())
	return c, nil
}

// start is [Up] without the wait.
func start(ctx context.Context, config Config, progress *Progress) (*Cluster, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	if err := EnsureHost(ctx, progress); err != nil {
		return nil, fmt.Errorf("cannot get docker to answer: %w", err)
	}
	image, err := EnsureImage(ctx, config.Suite, config.Shells, progress)
	if err != nil {
		return nil, err
	}
	remote := ""
	if config.Remotes > 0 {
		if remote, err = ensureTarget(ctx, config.Suite, "remote", progress); err != nil {
			return nil, err
		}
	}
	if err := Remove(ctx, config.Name); err != nil {
		return nil, err
	}
	c := &Cluster{config: config, progress: progress, image: image, remote: remote, entrances: newEntrances()}
	if err := c.createNetwork(ctx); err != nil {
		return nil, err
	}
	c.addresses()
	if err := c.createDisks(ctx); err != nil {
		return nil, c.giveUp(ctx, err)
	}
	progress.Printf("starting %d nodes of cluster %s (%s) on %s", config.Nodes, config.Name, config.Suite, c.subnet)
	if err := c.startNodes(ctx); err != nil {
		return nil, c.giveUp(ctx, err)
	}
	return c, nil
}

// giveUp collects the logs, removes the cluster and returns err, joined with the errors
// of both. Each has its own time: nodes that do not answer must not keep the cluster from
// being removed. Of a start that was interrupted no logs are collected.
func (c *Cluster) giveUp(ctx context.Context, err error) error {
	interrupted := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	if c.config.LogDir != "" && !interrupted {
		c.progress.Printf("collecting logs in %s", c.config.LogDir)
		collecting, cancel := context.WithTimeout(ctx, cleanTimeout)
		err = errors.Join(err, c.CollectLogs(collecting, c.config.LogDir))
		cancel()
	}
	removing, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	return errors.Join(err, c.Down(removing))
}

// Down removes the cluster.
func (c *Cluster) Down(ctx context.Context) error {
	return Remove(ctx, c.config.Name)
}

// addresses names the nodes and gives each its address.
func (c *Cluster) addresses() {
	c.setVIP()
	for i := range c.config.Nodes {
		name := fmt.Sprintf("node%d", i+1)
		c.nodes = append(c.nodes, Node{
			Name: name, ID: i + 1, Address: c.Host(firstHost + i), Container: c.config.container(name),
			Remote: i >= c.config.Nodes-c.config.Remotes,
		})
	}
	c.addVIP()
}

// Host returns the address of a number in the cluster's network.
func (c *Cluster) Host(number int) netip.Addr {
	address := c.subnet.Addr().AsSlice()
	address[len(address)-1] = byte(number)
	host, _ := netip.AddrFromSlice(address)
	return host
}

// startNodes creates and starts all nodes at once.
func (c *Cluster) startNodes(ctx context.Context) error {
	return c.ForEachNode(func(node Node) error {
		files, err := c.nodeFiles(node.Name)
		if err != nil {
			return err
		}
		image := c.image
		if node.Remote {
			image = c.remote
		}
		if err := c.createNode(ctx, node, image, files); err != nil {
			return err
		}
		return c.startNode(ctx, node)
	})
}

// createNode creates a node's container of an image, and gives it its files.
func (c *Cluster) createNode(ctx context.Context, node Node, image string, files []byte) error {
	args := []string{
		"create", "--name", node.Container, "--hostname", node.Name,
		"--network", c.config.network(), c.config.addressOption(), node.Address.String(),
		"--cap-add", "NET_ADMIN", "--cap-add", "SYS_NICE", "--cap-add", "IPC_LOCK", "--cap-add", "SYS_PTRACE",
		"--shm-size", "512m", "--tmpfs", "/run:exec", "--ulimit", "core=0",
	}
	for _, other := range c.nodes {
		args = append(args, "--add-host", other.Name+":"+other.Address.String())
	}
	if c.config.Clocks[node.Name] != 0 {
		args = append(args, "--env", "DONT_FAKE_MONOTONIC=1")
	}
	args = append(args, c.config.mounts(node)...)
	args = append(args, c.config.labels()...)
	if c.config.CgroupParent != "" {
		args = append(args, "--cgroup-parent", c.config.CgroupParent+"-"+node.Name)
	}
	args = append(args, c.config.command(image)...)
	if _, err := docker(ctx, args...); err != nil {
		return fmt.Errorf("cannot create %s: %w", node.Name, err)
	}
	if _, err := output(ctx, bytes.NewReader(files), "docker", "cp", "-", node.Container+":/"); err != nil {
		return fmt.Errorf("cannot copy files to %s: %w", node.Name, err)
	}
	return nil
}

// startNode starts a node that has been created.
func (c *Cluster) startNode(ctx context.Context, node Node) error {
	if _, err := docker(ctx, "start", node.Container); err != nil {
		return fmt.Errorf("cannot start %s: %w", node.Name, err)
	}
	return nil
}

// Config returns the cluster's configuration, with the defaults filled in.
func (c *Cluster) Config() Config { return c.config }

// VIP returns the virtual IP.
func (c *Cluster) VIP() netip.Addr { return c.vip }

// Nodes returns the nodes, by number.
func (c *Cluster) Nodes() []Node { return slices.Clone(c.nodes) }

// NodeNames returns the nodes' names, by number.
func (c *Cluster) NodeNames() []string {
	names := make([]string, 0, len(c.nodes))
	for _, node := range c.nodes {
		names = append(names, node.Name)
	}
	return names
}

// InstanceNodes returns the names of the nodes that the resource is to run on, by number.
func (c *Cluster) InstanceNodes() []string {
	return c.NodeNames()[c.config.Nodes-c.config.instances():]
}

// ForEachNode calls a function for all nodes in parallel, and joins its errors.
func (c *Cluster) ForEachNode(do func(Node) error) error {
	failures := make([]error, len(c.nodes))
	var group sync.WaitGroup
	for i, node := range c.nodes {
		group.Go(func() { failures[i] = do(node) })
	}
	group.Wait()
	return errors.Join(failures...)
}

// Node returns the node of a name.
func (c *Cluster) Node(name string) (Node, error) {
	for _, node := range c.nodes {
		if node.Name == name {
			return node, nil
		}
	}
	return Node{}, fmt.Errorf("no node %q in cluster %s", name, c.config.Name)
}
