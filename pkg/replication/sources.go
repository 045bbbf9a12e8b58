package replication

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sources says where the servers of one node are replicated from: an OVSDB
// remote for each database name. An active node publishes its own.
type Sources map[string]string

// ErrSources is returned for published sources that cannot be read or lack a
// database.
var ErrSources = errors.New("the published sources cannot be used")

// String returns the sources as they are published, in the order of the names:
// "OVN_Northbound=tcp:10.0.0.1:6641,OVN_Southbound=tcp:10.0.0.1:6642".
func (s Sources) String() string {
	var parts []string
	for _, database := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, database+"="+s[database])
	}
	return strings.Join(parts, ",")
}

// ParseSources reads the text that String returns and checks that each of the databases
// has a source. It returns ErrSources if not.
func ParseSources(published string, databases []string) (Sources, error) {
	sources := Sources{}
	for part := range strings.SplitSeq(published, ",") {
		database, source, found := strings.Cut(part, "=")
		if !found || database == "" || source == "" {
			return nil, fmt.Errorf("%w: %q", ErrSources, published)
		}
		sources[database] = source
	}
	for _, database := range databases {
		if sources[database] == "" {
			return nil, fmt.Errorf("%w: %q has none for %s", ErrSources, published, database)
		}
	}
	return sources, nil
}
