package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
)

// withNext adds to a problem the command that helps next, unless it names one. The exit reasons of monitor,
// from which many problems come, are without it: the cluster's tools cut them off.
func (r *report) withNext(problem string) string {
	if namesCommand(problem) {
		return problem
	}
	for _, s := range nextSteps() {
		if strings.Contains(problem, s.part) {
			if step := s.step(r, problem); step != "" {
				return problem + "; " + step
			}
		}
	}
	return problem + "; " + whatHappened
}

// namesCommand reports whether a text names a command to run.
func namesCommand(text string) bool {
	return slices.ContainsFunc([]string{
		"ovndb-servers ", "ovs-appctl ", "ovsdb-client ", "ovn-nbctl ", "ovn-sbctl ", "ovn-ic-nbctl ", "ovn-ic-sbctl ",
		"crm_mon ", "crm_resource ", "cibadmin ", "systemctl ", "touch ", "chown ", "chmod ", "openssl ", "namei ", "df ", "ss -",
	}, func(program string) bool {
		return strings.Contains(text, ": "+program) || strings.Contains(text, ", and: "+program)
	})
}

// whatHappened is the next step where a problem has no better one: what the agent did about it.
const whatHappened = "what the agent did: ovndb-servers events --since 1h"

// nextStep is the command that helps next with a problem of which a part is known.
type nextStep struct {
	part string
	// step returns the step; empty if there is none to name.
	step func(r *report, problem string) string
}

// nextSteps are those for the reasons of [replication.Assess] and of the supervisor. The first one counts.
func nextSteps() []nextStep {
	always := func(step string) func(*report, string) string { return func(*report, string) string { return step } }
	return []nextStep{
		{"was not started by this resource", ownerOf},
		{"data may not lead", always("what bars it: ovndb-servers explain")},
		{"no node may lead", always("what bars them: ovndb-servers explain")},
		{"it cannot reach the promoted node", (*report).askSource},
		{"does not replicate: it is", (*report).askSource},
		{"data here is stale", always("how often its sessions were lost, and why: ovndb-servers status -v")},
		{"a promotion is under way", always("wait for its end with: crm_resource --wait")},
		{"an action is under way", always("wait for its end with: crm_resource --wait")},
		{"is busy", always("see whether it ends: ovndb-servers status -w")},
		{"record could not be read", always("see whether the cluster answers: crm_mon -1rfA")},
		{"ovn-northd is not started", always("what it waits for: ovndb-servers upgrade")},
		{"Corosync does not run on this node", always("see why: systemctl status corosync pacemaker")},
		{"cannot be written to disk", (*report).room},
		{"cannot connect", always("what holds the ports: ss -ltnp")},
		{"cannot query node attribute", always("see whether its daemon runs: pgrep -a pacemaker-attrd; if not: systemctl restart pacemaker")},
		{"cannot learn", always("see whether the cluster answers: crm_mon -1rfA")},
		{"cannot ask", always("see whether the cluster answers: crm_mon -1rfA")},
	}
}

// ownerOf names the service to which a process belongs.
func ownerOf(_ *report, problem string) string {
	pid := regexp.MustCompile(`\(pid (\d+)\)`).FindStringSubmatch(problem)
	if pid == nil {
		return ""
	}
	return "who runs it: systemctl status " + pid[1]
}

// askSource has the server asked by hand that a database here replicates from. One that speaks TLS wants
// files that only an operator knows.
func (r *report) askSource(problem string) string {
	for _, s := range r.Servers {
		if !strings.Contains(problem, s.Database) || !strings.HasPrefix(s.ReplicatesFrom, "tcp:") {
			continue
		}
		return fmt.Sprintf("ask it from here with: ovndb-servers status %s %s", remoteOption(s.Database), s.ReplicatesFrom)
	}
	return ""
}

// remoteOption is the option of status by which servers of a database are named.
func remoteOption(database string) string {
	return map[string]string{
		ovsdbctl.Northbound().Name: "--nb", ovsdbctl.Southbound().Name: "--sb",
		ovsdbctl.InterconnectNorthbound().Name: "--ic-nb", ovsdbctl.InterconnectSouthbound().Name: "--ic-sb",
	}[database]
}

// room shows what is free where the databases are.
func (r *report) room(string) string {
	if len(r.Servers) == 0 {
		return ""
	}
	return "what is free: df -h " + filepath.Dir(r.Servers[0].File)
}
