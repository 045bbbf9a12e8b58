package supervisor

import "ovndb-servers/pkg/replication"

// arrivals notices backups that have become fresh in this node's term. The rows that such a backup
// has copied in one piece prove nothing about the rows after the last beat, so it is given another.
type arrivals struct {
	term  string
	fresh map[string]bool
}

// observe takes note of the freshness of the other nodes in a term, and reports whether one has
// become fresh since.
func (a *arrivals) observe(term string, known map[string]replication.Freshness) bool {
	if a.term != term {
		*a = arrivals{term: term, fresh: map[string]bool{}}
	}
	arrived := false
	for node, freshness := range known {
		fresh := freshness == replication.FreshnessFresh
		arrived = arrived || fresh && !a.fresh[node]
		a.fresh[node] = fresh
	}
	return arrived
}
