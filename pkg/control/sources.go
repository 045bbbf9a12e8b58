package control

import (
	"net/netip"

	"ovndb-servers/pkg/replication"
)

// SourcesAt returns the sources of a node with the given address.
func SourcesAt(units []Unit, address netip.Addr) replication.Sources {
	sources := make(replication.Sources, len(units))
	for _, u := range units {
		sources[u.Name()] = u.Endpoint.Source(address)
	}
	return sources
}

func names(units []Unit) []string {
	all := make([]string, len(units))
	for i, u := range units {
		all[i] = u.Name()
	}
	return all
}
