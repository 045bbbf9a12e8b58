package cluster

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The resources that a cluster is configured with.
const (
	// Resource is the primitive of the agent.
	Resource = "ovndb_servers"
	// Clone is the promotable clone of it.
	Clone = "ovndb_servers-clone"
	// VIPResource is the virtual IP.
	VIPResource = "ovndb_vip"
)

// The directories of the state that the agent under test keeps of the resource on a node.
const (
	// StateDir outlives a reboot.
	StateDir = stateBase + "/" + Resource
	// RunDir does not.
	RunDir = runBase + "/" + Resource
	// SnapshotDir is where the snapshots of the databases are.
	SnapshotDir = StateDir + "/snapshots"

	stateBase = "/var/lib/ovndb-servers"
	runBase   = "/run/ovndb-servers"
)

// Agent names of the resource.
const (
	// OVNAgent is the agent under test.
	OVNAgent = "ocf:ovn:ovndb-servers"
	// StatefulAgent comes with Pacemaker and runs nothing: it proves the cluster.
	StatefulAgent = "ocf:pacemaker:Stateful"
)

// Order says in which order the virtual IP and the promotion come.
type Order string

// The orders that users configure.
const (
	// PromoteThenVIP starts the virtual IP where an instance has been promoted.
	PromoteThenVIP Order = "promote-then-vip"
	// VIPThenPromote promotes where the virtual IP has been started.
	VIPThenPromote Order = "vip-then-promote"
	// WithoutVIP configures no virtual IP, as where a load balancer is used.
	WithoutVIP Order = "without-vip"
)

// Operation is one operation of the resource, as in Pacemaker's configuration.
type Operation struct {
	Name              string
	Interval, Timeout time.Duration
	// Role is empty for an operation of all roles.
	Role Role
}

// Config describes a cluster. The zero value of each field has a use.
type Config struct {
	// Name tells clusters on one machine apart; [Up] removes an earlier cluster of
	// the same name. Default "test".
	Name string
	// Suite is the Debian release of the nodes. Default [Trixie].
	Suite Suite
	// Nodes is their number. Default 3.
	Nodes int
	// Remotes is how many of the nodes, the last ones, run Pacemaker Remote in place of Corosync and
	// Pacemaker. If there are any, the resource is kept to them.
	Remotes int
	// Agent is the resource's agent. Default [OVNAgent].
	Agent string
	// Binary is the agent's program on this machine, installed in each node; none
	// if empty.
	Binary string
	// Profile is how soon a lost node is noticed. Default [NormalProfile].
	Profile Profile
	// IPv6 gives the nodes no other addresses. This machine has to have IPv6: see [IPv6].
	IPv6 bool
	// VIP is the virtual IP. Default: one in the nodes' network.
	VIP netip.Prefix
	// Order of virtual IP and promotion. Default [PromoteThenVIP].
	Order Order
	// Parameters of the resource. master_ip is added for [OVNAgent] if it is not
	// among them and there is a virtual IP.
	Parameters map[string]string
	// CloneMeta and PrimitiveMeta override meta-attributes; an empty value takes
	// one out.
	CloneMeta, PrimitiveMeta map[string]string
	// Properties override the cluster's properties; an empty value takes one out.
	Properties map[string]string
	// Operations of the resource. Default [DefaultOperations].
	Operations []Operation
	// Clocks is how far the clocks of nodes are ahead, by the name of the node: of
	// Corosync, Pacemaker and the database servers. A program without the C library, as
	// the agent is, keeps the machine's time.
	Clocks map[string]time.Duration
	// FenceDir is a directory of this machine that all nodes share. If it is set, fencing is
	// enabled, with an agent that puts its requests there for [Cluster.ServeFencing].
	FenceDir string
	// DiskSize is how much room the databases' directory of each node has, as "512m", on a
	// disk of its own that is kept in memory, so that [Cluster.FillDisk] can fill it. It
	// survives a loss of power. Without a size the directory is on the node's own disk.
	DiskSize string
	// RestartPacemaker has pacemakerd restarted when it fails, as its systemd unit has.
	RestartPacemaker bool
	// CgroupParent gives each node a control group of its own below this one's name, as docker
	// create does with --cgroup-parent. All containers of docker's own group share the time
	// that the kernel gives to one session: on a busy machine that is too little for a cluster.
	CgroupParent string
	// ReadyTimeout bounds the wait for the cluster to be ready after its start. Default 90 s.
	ReadyTimeout time.Duration
	// PollInterval is how often waiting methods look, which costs a program in a container each
	// time. Default 200 ms.
	PollInterval time.Duration
	// Persistent clusters outlive the process that made them.
	Persistent bool
	// Shells adds pcs and crmsh to the nodes, and a minute to the first build.
	Shells bool
	// LogDir is where [Up] puts the logs of a cluster that does not come up; none
	// if empty.
	LogDir string
}

// DefaultOperations returns the operations that the manual recommends, with
// shorter monitor intervals.
func DefaultOperations() []Operation {
	operation := func(name string, role Role, interval, timeout int) Operation {
		second := int(time.Second)
		return Operation{name, time.Duration(interval * second), time.Duration(timeout * second), role}
	}
	return []Operation{
		operation("start", "", 0, 60),
		operation("stop", "", 0, 60),
		operation("promote", "", 0, 60),
		operation("demote", "", 0, 60),
		operation("notify", "", 0, 30),
		operation("monitor", Promoted, 5, 20),
		operation("monitor", Unpromoted, 6, 20),
	}
}

// withDefaults returns the configuration with every field set.
func (c Config) withDefaults() Config {
	c.Name = orElse(c.Name, "test")
	c.Suite = orElse(c.Suite, Trixie)
	c.Nodes = orElse(c.Nodes, 3)
	c.Agent = orElse(c.Agent, OVNAgent)
	c.Order = orElse(c.Order, PromoteThenVIP)
	c.Profile = orElse(c.Profile, NormalProfile)
	c.PollInterval = orElse(c.PollInterval, pollInterval)
	c.ReadyTimeout = orElse(c.ReadyTimeout, readyTimeout)
	if c.Operations == nil {
		c.Operations = DefaultOperations()
	}
	c.CloneMeta = merge(map[string]string{
		"promotable":   "true",
		"notify":       "true",
		"interleave":   "true",
		"clone-max":    strconv.Itoa(c.instances()),
		"promoted-max": "1",
	}, c.CloneMeta)
	c.PrimitiveMeta = merge(nil, c.PrimitiveMeta)
	c.Properties = merge(map[string]string{
		"stonith-enabled": strconv.FormatBool(c.FenceDir != ""),
		// The election waits this long for a coordinator that is already there.
		"dc-deadtime": "1s",
		// All nodes share one machine: each takes the load of the others for its
		// own, and the cluster would run one action at a time.
		"load-threshold": "0%",
	}, c.Properties)
	return c
}

// instances is the number of nodes that the resource is to run on.
func (c Config) instances() int { return orElse(c.Remotes, c.Nodes) }

// clock returns the files for the clock of a node, which reach servers without the node's
// environment as well. Timers go on as they are. The agent, which is static, keeps its clock.
func (c Config) clock(node string) map[string][]byte {
	ahead := c.Clocks[node]
	if ahead == 0 {
		return nil
	}
	return map[string][]byte{
		"etc/ld.so.preload": []byte("/usr/$LIB/faketime/libfaketimeMT.so.1\n"),
		"etc/faketimerc":    fmt.Appendf(nil, "%+ds\n", int(ahead.Seconds())),
	}
}

// check returns an error if no cluster can be made of the configuration.
func (c Config) check() error {
	if parts := strings.Split(c.Agent, ":"); len(parts) != 3 {
		return fmt.Errorf("agent %q is not of the form class:provider:type", c.Agent)
	}
	switch c.Order {
	case PromoteThenVIP, VIPThenPromote, WithoutVIP:
	default:
		return fmt.Errorf("unknown order %q", c.Order)
	}
	if _, err := c.Profile.totem(); err != nil {
		return err
	}
	if c.Nodes < 1 || c.Nodes > 16 || c.Remotes < 0 || c.Remotes >= c.Nodes {
		return fmt.Errorf("cannot make a cluster of %d nodes, %d of them remote", c.Nodes, c.Remotes)
	}
	return nil
}

// orElse returns value, or fallback if it is the zero value.
func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// merge returns base with overrides, without the keys whose value is empty.
func merge(base, overrides map[string]string) map[string]string {
	merged := map[string]string{}
	maps.Copy(merged, base)
	maps.Copy(merged, overrides)
	maps.DeleteFunc(merged, func(_, value string) bool { return value == "" })
	return merged
}
