package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/pacemaker"
)

// property returns a property of the cluster, and the one of its names that it is set by; empty if by
// none.
func (f Facts) property(names ...string) (value, set string) {
	for _, name := range names {
		if value, found := f.Cluster.Properties[name]; found {
			return value, name
		}
	}
	return "", ""
}

func setProperty(name, value string) string {
	return fmt.Sprintf("crm_attribute --type crm_config --name %s --update %s", name, value)
}

// checkFencing knows the names of Pacemaker 3.0.2 as well.
func checkFencing(f Facts) []Finding {
	enabled, set := f.property("fencing-enabled", "stonith-enabled")
	watchdog, _ := f.property("have-watchdog")
	wait, _ := f.property("fencing-watchdog-timeout", "stonith-watchdog-timeout")
	diskless := isTrue(watchdog) && wait != "" && strings.Trim(wait, "0smin ") != ""
	device := diskless || slices.ContainsFunc(f.Cluster.Primitives, func(p pacemaker.Primitive) bool { return p.Class == "stonith" })
	const lost = "a node that is cut off takes writes that are lost to the cluster, while another one leads"
	switch {
	case !device:
		return []Finding{{
			Severity: Problem, Text: "no fencing device is configured: " + lost + "; configure one, see docs/safety.md, Fencing",
			Command: "stonith_admin --list-installed",
		}}
	case set != "" && !isTrue(enabled):
		return []Finding{{Severity: Problem, Text: "fencing is turned off: " + lost, Command: setProperty(set, "true")}}
	default:
		return nil
	}
}

func checkQuorum(f Facts) []Finding {
	policy, _ := f.property("no-quorum-policy")
	mend := setProperty("no-quorum-policy", "stop")
	switch policy {
	case "ignore":
		return []Finding{{
			Severity: Problem, Command: mend,
			Text: "no-quorum-policy is ignore: each part of a cluster that falls apart promotes a node of its own",
		}}
	case "freeze":
		return []Finding{{
			Severity: Problem, Command: mend,
			Text: "no-quorum-policy is freeze: an active node that is cut off goes on taking writes while another one leads",
		}}
	default:
		return nil
	}
}

// checkCIBSchema only advises: a CIB of an earlier major version works, and is converted by each program
// that reads it.
func checkCIBSchema(f Facts) []Finding {
	if f.CIBSchemaErr != nil {
		return unchecked(f.CIBSchemaErr)
	}
	installed, _ := f.property("dc-version")
	if !strings.HasPrefix(installed, "3.") || strings.HasPrefix(f.CIBSchema, "pacemaker-4.") { // which new clusters of Pacemaker 3 have
		return nil
	}
	return []Finding{{
		Severity: Advice, Command: "cibadmin --upgrade --force",
		Text: fmt.Sprintf("the CIB has the schema %s of an earlier Pacemaker: each of its tools converts the CIB first, and takes up to twice the time",
			f.CIBSchema),
	}}
}

// checkRecords names the cluster records of resources that are not there any more.
func checkRecords(f Facts) []Finding {
	var findings []Finding
	for _, resource := range f.Cluster.Recorded {
		if _, exists := f.Cluster.Primitive(resource); exists {
			continue
		}
		findings = append(findings, Finding{
			Severity: Advice,
			Text: fmt.Sprintf("there is a cluster record of resource %q, which does not exist: a new resource of that name would wait for that term's data "+
				"(docs/operations.md, The resource is renamed, created again or deleted)",
				resource),
			Command: fmt.Sprintf("crm_attribute --type crm_config --set-name ovndb-servers-records --name ovndb-record-%s --delete", resource),
		})
	}
	return append(findings, checkKept(f)...)
}

// Kept is the state of a resource that this node keeps.
type Kept struct {
	Resource    string
	Directories []string
	Snapshots   int
}

// checkKept names the state of resources that are not there any more. A command that would remove
// snapshots is in the text alone.
func checkKept(f Facts) []Finding {
	var findings []Finding
	for _, k := range f.Kept {
		if _, exists := f.Cluster.Primitive(k.Resource); exists {
			continue
		}
		text := fmt.Sprintf("this node keeps the state of resource %q, which does not exist", k.Resource)
		command := "rm -r " + strings.Join(k.Directories, " ")
		if k.Snapshots > 0 {
			text += fmt.Sprintf(", with %d snapshots; once none of them is wanted: %s", k.Snapshots, command)
			command = "ovndb-servers snapshots list --resource " + k.Resource
		}
		findings = append(findings, Finding{Severity: Advice, Text: text, Command: command})
	}
	return findings
}

// What docs/timings.md advises for the loss of a node.
const (
	slowMembership = 5 * time.Second
	fastMembership = 1200 * time.Millisecond
)

func checkCorosync(f Facts) []Finding {
	const mend = "edit totem.token in /etc/corosync/corosync.conf on all nodes (docs/timings.md), then: corosync-cfgtool -R"
	switch {
	case f.MembershipErr != nil:
		return unchecked(f.MembershipErr)
	case f.Membership > slowMembership:
		return []Finding{{
			Severity: Advice, Command: mend,
			Text: fmt.Sprintf("Corosync takes %s to notice a lost node (token and consensus), and no failover is faster; 3.63 s with a token of 1000 ms and three nodes",
				f.Membership),
		}}
	case f.Membership < fastMembership:
		return []Finding{{
			Severity: Advice, Command: mend,
			Text: fmt.Sprintf("Corosync takes a node for lost that stands still for %s (token and consensus): a migration or an overloaded host is enough",
				f.Membership),
		}}
	default:
		return nil
	}
}
