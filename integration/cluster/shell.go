package cluster

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// ShellAgent is OVN's own agent, a shell script, below a provider of its own, so that
// it can be installed beside the agent under test. [Cluster.InstallShellAgent] does.
const ShellAgent = "ocf:shell:ovndb-servers"

const (
	// shellAgentSource is where Debian's package ovn-common has it.
	shellAgentSource  = "/usr/share/ovn/scripts/ovndb-servers.ocf"
	shellAgentProgram = "/usr/lib/ocf/resource.d/shell/ovndb-servers"
	ovnCtl            = "/usr/share/ovn/scripts/ovn-ctl"
	// StatusRepair is a program for sed that [Cluster.InstallShellAgent] may have to run on
	// ovn-ctl. That took the role from the first line of sync-status until ovn-org/ovn
	// b49598656, but since openvswitch/ovs e76f84720 (3.3) that line names the database.
	StatusRepair = `s/if(NR==1) print $2/if($1=="state:") print $2/`
)

// InstallShellAgent makes [ShellAgent] an agent on every node. Where OVN's package is
// too old for its Open vSwitch, so that the agent could never start, it applies
// [StatusRepair] to ovn-ctl; repaired reports whether it was needed.
func (c *Cluster) InstallShellAgent(ctx context.Context) (repaired bool, err error) {
	for _, node := range c.nodes {
		if _, err := c.MustExec(ctx, node.Name, "install", "-D", "-m", "755", shellAgentSource, shellAgentProgram); err != nil {
			return repaired, fmt.Errorf("cannot install the shell agent: %w", err)
		}
		needed, err := c.repairNeeded(ctx, node.Name)
		if err != nil {
			return repaired, err
		}
		if !needed {
			continue
		}
		if _, err := c.MustExec(ctx, node.Name, "sed", "-i", StatusRepair, ovnCtl); err != nil {
			return repaired, fmt.Errorf("cannot repair ovn-ctl: %w", err)
		}
		repaired = true
	}
	return repaired, nil
}

// repairNeeded reports whether a node's ovn-ctl does not understand its ovsdb-server.
func (c *Cluster) repairNeeded(ctx context.Context, node string) (bool, error) {
	version, err := c.MustExec(ctx, node, "ovsdb-server", "--version")
	if err != nil {
		return false, err
	}
	old, err := c.Exec(ctx, node, "grep", "--quiet", "--fixed-strings", "if(NR==1) print $2", ovnCtl)
	if err != nil {
		return false, err
	}
	return old.Code == 0 && namesDatabase(version), nil
}

// namesDatabase reports whether an ovsdb-server of that version begins the reply to
// sync-status with a database's name, as those of 3.3 and later do.
func namesDatabase(version string) bool {
	match := regexp.MustCompile(`\b(\d+)\.(\d+)\.\d+`).FindStringSubmatch(version)
	if match == nil {
		return false
	}
	major, err := strconv.Atoi(match[1])
	if err != nil {
		return false
	}
	minor, err := strconv.Atoi(match[2])
	return err == nil && (major > 3 || major == 3 && minor >= 3)
}

// UseShellAgent puts the shell agent in the place of the agent under test on a node, for the resource
// as it is configured; [Cluster.UseOVNAgent] undoes that. [Cluster.InstallShellAgent] comes first.
func (c *Cluster) UseShellAgent(ctx context.Context, node string) error {
	_, err := c.MustExec(ctx, node, "cp", "--remove-destination", shellAgentProgram, agentLink)
	if err != nil {
		return fmt.Errorf("cannot put the shell agent in its place on %s: %w", node, err)
	}
	return nil
}

// UseOVNAgent puts the agent under test in its place on a node, as its package does.
func (c *Cluster) UseOVNAgent(ctx context.Context, node string) error {
	_, err := c.MustExec(ctx, node, "ln", "--symbolic", "--force", "--no-dereference", agentProgram, agentLink)
	if err != nil {
		return fmt.Errorf("cannot put the agent in its place on %s: %w", node, err)
	}
	return nil
}
