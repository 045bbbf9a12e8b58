package doctor

import (
	"cmp"
	"fmt"

	"ovndb-servers/pkg/replication"
)

// Versions are those of the programs that run, by node, as the nodes have published them.
type Versions struct {
	Nodes map[string]replication.Versions
	Err   error
}

// earlierAgent stands for the version of an agent that does not publish it.
const earlierAgent = "an earlier one"

// checkVersions compares the versions of the agent and of ovsdb-server.
func checkVersions(f Facts) []Finding {
	if f.Versions.Err != nil {
		return unchecked(f.Versions.Err)
	}
	var findings []Finding
	if differ := f.Versions.of(replication.ProgramAgent); differ != "" {
		findings = append(findings, Finding{
			Severity: Advice, Command: "apt-get install ./ovndb-servers_*.deb",
			Text: fmt.Sprintf("the nodes run different versions of this agent (%s): upgrade it where it is older, on the promoted node last (docs/upgrade.md)", differ),
		})
	}
	if differ := f.Versions.of(replication.ProgramServer); differ != "" {
		findings = append(findings, Finding{
			Severity: Advice, Command: "apt-get install --only-upgrade openvswitch-common openvswitch-switch",
			Text: fmt.Sprintf("the nodes run different versions of ovsdb-server (%s): upgrade Open vSwitch where it is older, node by node; a server runs the "+
				"version with which it was started (docs/upgrade.md)", differ),
		})
	}
	return findings
}

// Differing returns the programs of which the nodes run different versions.
func (v Versions) Differing() (programs []string) {
	for _, program := range []string{replication.ProgramAgent, replication.ProgramServer} {
		if v.of(program) != "" {
			programs = append(programs, program)
		}
	}
	return programs
}

// of names the nodes of each version of a program, empty unless they differ. An agent that has published none is
// an earlier one; a server has not answered yet.
func (v Versions) of(program string) string {
	unpublished := map[string]string{replication.ProgramAgent: earlierAgent}[program]
	byNode := map[string]string{}
	for node, versions := range v.Nodes {
		if version := cmp.Or(versions[program], unpublished); version != "" {
			byNode[node] = version
		}
	}
	return versionText(byNode)
}
