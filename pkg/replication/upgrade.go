package replication

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Schemas are the versions of the schemas that the package of OVN on a node brings, by database.
type Schemas map[string]string

// String returns the form that a node publishes: "OVN_Northbound=7.0.0 OVN_Southbound=20.27.0".
func (s Schemas) String() string {
	var words []string
	for _, database := range slices.Sorted(maps.Keys(s)) {
		words = append(words, database+"="+s[database])
	}
	return strings.Join(words, " ")
}

// ParseSchemas reads the form that String returns. Words of another form are left out: a later
// version of this program may publish more.
func ParseSchemas(text string) Schemas {
	s := Schemas{}
	for word := range strings.FieldsSeq(text) {
		if database, version, found := strings.Cut(word, "="); found {
			s[database] = version
		}
	}
	return s
}

// ReadSchemas reads the schemas that nodes have published, by node.
func ReadSchemas(published map[string]string) map[string]Schemas {
	all := map[string]Schemas{}
	for node, text := range published {
		all[node] = ParseSchemas(text)
	}
	return all
}

// Upgrade is the question whether an active node converts a database to the schema that its package
// brings.
type Upgrade struct {
	Database string
	// Served is the version that its server has, Installed the one of the package.
	Served, Installed string
	// Published has the schemas of each node that runs the resource, or has run it since it joined the
	// cluster, Members the nodes that may lead next, Scored those with a promotion score: also nodes of
	// another agent, which publish nothing and have no supervisor that makes a backup read-only after it
	// has met another schema.
	Published       map[string]Schemas
	Members, Scored []string
}

// Decide reports whether the database is converted now: to a newer schema, which the packages of all
// nodes bring. A node with an older one could not serve it under its own version of OVN. If it
// is not, waits has the nodes that this waits for; none if there is nothing to convert.
func (u Upgrade) Decide() (due bool, waits []string) {
	if !NewerSchema(u.Installed, u.Served) {
		return false, nil
	}
	nodes := slices.Concat(u.Members, u.Scored, slices.Collect(maps.Keys(u.Published)))
	slices.Sort(nodes)
	for _, node := range slices.Compact(nodes) {
		if u.Published[node][u.Database] != u.Installed {
			waits = append(waits, node)
		}
	}
	return len(waits) == 0, waits
}

// NewerSchema reports whether a version of a schema is newer than another: both are "x.y.z" with
// decimal numbers (RFC 7047, section 3.1), otherwise it is not.
func NewerSchema(a, b string) bool {
	first, err := parseVersion(a)
	second, errSecond := parseVersion(b)
	if err != nil || errSecond != nil {
		return false
	}
	return cmp.Or(cmp.Compare(first[0], second[0]), cmp.Compare(first[1], second[1]), cmp.Compare(first[2], second[2])) > 0
}

func parseVersion(text string) (version [3]uint64, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != len(version) {
		return version, fmt.Errorf("%q is not x.y.z", text)
	}
	for i, part := range parts {
		if version[i], err = strconv.ParseUint(part, 10, 32); err != nil {
			return version, err
		}
	}
	return version, nil
}

// PendingUpgrade is a schema that the packages of OVN bring on some nodes and not on others.
type PendingUpgrade struct {
	Database string
	// Version is the newest that a node has published, of those that can be read.
	Version string
	// Missing are the nodes whose package brings another one.
	Missing []string
}

// PendingUpgrades returns the upgrades that wait for nodes, in the order of the databases. The published
// schemas are those of the nodes that run the resource, or have run it since they joined the cluster. For a
// member that is away, [Upgrade] waits as well.
func PendingUpgrades(published map[string]Schemas) []PendingUpgrade {
	newest := map[string]string{}
	for _, node := range slices.Sorted(maps.Keys(published)) { // of two that are equal, the same one each time
		for database, version := range published[node] {
			if _, err := parseVersion(version); err != nil {
				continue // a newer version of this program may write a value that this one cannot read
			}
			if newest[database] == "" || NewerSchema(version, newest[database]) {
				newest[database] = version
			}
		}
	}
	var pending []PendingUpgrade
	for _, database := range slices.Sorted(maps.Keys(newest)) {
		p := PendingUpgrade{Database: database, Version: newest[database]}
		for _, node := range slices.Sorted(maps.Keys(published)) {
			if published[node][database] != p.Version {
				p.Missing = append(p.Missing, node)
			}
		}
		if len(p.Missing) > 0 {
			pending = append(pending, p)
		}
	}
	return pending
}
