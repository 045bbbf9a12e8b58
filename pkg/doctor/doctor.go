// Package doctor finds in a configuration that works today what will hurt later: a clone without
// notifications, no fencing, a timeout that is too short, a disk without room for snapshots. It is a
// package of its own because its checks are pure functions: they know the cluster by the CIB that
// package pacemaker has parsed, and the node by [Facts] that the tool has gathered, and can be tested
// with neither. It decides nothing about the replication.
package doctor

import (
	"fmt"
	"time"

	"ovndb-servers/pkg/pacemaker"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	// Problem will do harm in a failure, or does so already.
	Problem Severity = "problem"
	// Advice makes a failure shorter, or keeps a problem away.
	Advice Severity = "advice"
	// Unchecked is a check that could not be made.
	Unchecked Severity = "unchecked"
)

// Finding is one thing that was found, or that could not be checked.
type Finding struct {
	// Check is the name of the check.
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	// Command mends it; empty if no single one does.
	Command string `json:"command,omitempty"`
}

// Cluster is the configuration of the cluster, or the reason why it is not known.
type Cluster struct {
	pacemaker.Configuration

	Err error
}

// Facts is all that the checks are about.
type Facts struct {
	Resource string
	Now      time.Time
	Cluster  Cluster
	// CIBSchema is the name of the schema of the CIB.
	CIBSchema    string
	CIBSchemaErr error
	// Advised are the operations that the agent's meta-data advises.
	Advised []pacemaker.Operation
	// ParametersErr says which parameters of the resource cannot be used.
	ParametersErr error
	// Membership is how long Corosync takes to leave out a lost node.
	Membership    time.Duration
	MembershipErr error
	// DirectoriesErr joins the faults of the directories of state, logs, sockets and databases.
	DirectoriesErr error
	// Copies are the directories that hold databases, if there are several and none was named.
	Copies []Copy
	Room   Room
	// Kept is the state of resources on this node.
	Kept []Kept
	// Services are the units of systemd that would run the same servers.
	Services    []Service
	ServicesErr error
	Link        Link
	Keys        []Key
	Clock       Clock
	Schemas     Schemas
	Versions    Versions
	// FeatureSets are those of Pacemaker, by node, as far as the cluster shows them.
	FeatureSets    map[string]string
	FeatureSetsErr error
}

// check is one check. It returns nothing if all is well.
type check struct {
	name string
	// configuration says that it needs the configuration of the cluster, resource that it needs the
	// resource in it, such as its parameters: by their defaults, what is wrong could pass for sound.
	configuration, resource bool
	find                    func(Facts) []Finding
}

// checks are all of them, in the order in which they are shown.
func checks() []check {
	return []check{
		{"clone", true, true, checkClone},
		{"parameters", true, true, checkParameters},
		{"virtual IP", true, true, checkAddress},
		{"timeouts", true, true, checkTimeouts},
		{"monitors", true, true, checkMonitors},
		{"fencing", true, false, checkFencing},
		{"quorum", true, false, checkQuorum},
		{"CIB schema", true, false, checkCIBSchema},
		{"records", true, false, checkRecords},
		{"corosync", false, false, checkCorosync},
		{"directories", true, true, checkDirectories},
		{"snapshots", true, true, checkRoom},
		{"second manager", true, true, checkServices},
		{"agent link", true, true, checkLink},
		{"TLS", true, true, checkKeys},
		{"clock", false, false, checkClock},
		{"schemas", false, false, checkSchemas},
		{"versions", false, false, checkVersions},
		{"pacemaker", false, false, checkPacemaker},
	}
}

// Names returns the names of all checks.
func Names() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}

// Examine makes all checks. Each finding has the name of its check.
func Examine(f Facts) []Finding {
	findings := []Finding{}
	for _, c := range checks() {
		for _, found := range c.examine(f) {
			found.Check = c.name
			findings = append(findings, found)
		}
	}
	return findings
}

func (c check) examine(f Facts) []Finding {
	_, known := f.Cluster.Primitive(f.Resource)
	switch {
	case c.configuration && f.Cluster.Err != nil:
		return unchecked(f.Cluster.Err)
	case c.resource && !known:
		return unchecked(fmt.Errorf("the cluster's configuration has no resource %q", f.Resource))
	default:
		return c.find(f)
	}
}

func unchecked(err error) []Finding {
	return []Finding{{Severity: Unchecked, Text: "cannot be checked: " + err.Error()}}
}
