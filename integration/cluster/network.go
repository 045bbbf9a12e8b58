package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

const (
	firstSubnet = 201
	lastSubnet  = 250

	// withoutIPv4 comes before what the image runs at each boot: docker gives every node an IPv4
	// address, and nothing may have seen it.
	withoutIPv4 = "ip -4 address flush dev eth0 && exec /usr/sbin/node-entry"
)

// IPv6 reports whether this machine has IPv6, which it needs to reach a cluster with [Config.IPv6].
func IPv6() bool {
	text, err := os.ReadFile("/proc/sys/net/ipv6/conf/all/disable_ipv6")
	return err == nil && strings.TrimSpace(string(text)) == "0"
}

// createNetwork makes the cluster's network, on the first of 198.18.201.0/24 to
// 198.18.250.0/24 that no other docker network uses. RFC 2544 keeps 198.18.0.0/15 for
// tests. Nodes with IPv6 alone are on the one of 2001:db8:201::/64 to 2001:db8:250::/64 with
// the same number, of what RFC 3849 keeps for documentation.
func (c *Cluster) createNetwork(ctx context.Context) error {
	var last error
	for number := firstSubnet; number <= lastSubnet; number++ {
		c.subnet = netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/24", number))
		args := []string{"network", "create", "--subnet", c.subnet.String()}
		if c.config.IPv6 {
			c.subnet = netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::/64", number))
			args = append(args, "--ipv6", "--subnet", c.subnet.String())
		}
		args = append(args, c.config.labels()...)
		_, last = docker(ctx, append(args, c.config.network())...)
		if last == nil || !strings.Contains(last.Error(), "overlap") {
			break
		}
	}
	if last != nil {
		return fmt.Errorf("cannot create the network of cluster %s: %w", c.config.Name, last)
	}
	return nil
}

// network is the name of the cluster's network.
func (c Config) network() string { return "ovndb-" + c.Name }

// addressOption is docker's option for a node's address.
func (c Config) addressOption() string {
	if c.IPv6 {
		return "--ip6"
	}
	return "--ip"
}

// command returns docker's arguments for what a node of an image runs, last of those that create it.
func (c Config) command(image string) []string {
	if !c.IPv6 {
		return []string{image}
	}
	return []string{"--entrypoint", "/usr/bin/tini", image, "--", "sh", "-c", withoutIPv4}
}

// firewall returns the program that sets the packet filter of a node.
func (c Config) firewall() string {
	if c.IPv6 {
		return "ip6tables"
	}
	return "iptables"
}

// setVIP gives the cluster the virtual IP of its configuration, else one in its network.
func (c *Cluster) setVIP() {
	c.vip = c.Host(vipHost)
	if c.config.VIP.IsValid() {
		c.vip = c.config.VIP.Addr()
	}
}

// vipBits returns the prefix length of the virtual IP.
func (c *Cluster) vipBits() int {
	if c.config.VIP.IsValid() {
		return c.config.VIP.Bits()
	}
	return c.subnet.Bits()
}
