package replication

import (
	"cmp"
	"slices"
)

// CopyQueue is the view that a backup has of the others that have to copy the data of a node that was
// promoted. While that sends a copy, it answers no client.
type CopyQueue struct {
	// Node is this backup, Record the cluster record of the promoted node's term; nil if it is not
	// known.
	Node   string
	Record *Record
	// Running are the nodes of the resource whose servers run.
	Running []string
	// Copied says of the other nodes whether they hold the data of the term, as they say.
	Copied map[string]Freshness
	// ClientsServed says that clients can reach the promoted node under the virtual address.
	ClientsServed bool
}

// Ahead returns the backups that copy before this one: members of the term come first, as only
// they may lead next, and then the names decide. All backups that know the same of the cluster
// have the same order.
func (q CopyQueue) Ahead() []string {
	leader := ""
	if q.Record != nil {
		leader = q.Record.Node
	}
	others := slices.DeleteFunc(slices.Clone(q.Running), func(node string) bool {
		return node == leader || node == q.Node || q.compare(node, q.Node) > 0
	})
	slices.SortFunc(others, q.compare)
	return others
}

func (q CopyQueue) compare(a, b string) int {
	return cmp.Or(cmp.Compare(q.rank(a), q.rank(b)), cmp.Compare(a, b))
}

// rank is lower for a backup that copies earlier.
func (q CopyQueue) rank(node string) int {
	if q.Record != nil && q.Record.HasMember(node) {
		return 0
	}
	return 1
}

// Waiting returns the reasons for which this backup's copy waits: clients to be served, and each backup
// ahead that has not copied yet; none if it may begin.
func (q CopyQueue) Waiting() []string {
	var waiting []string
	if !q.ClientsServed {
		waiting = append(waiting, "clients")
	}
	for _, node := range q.Ahead() {
		if q.Copied[node] != FreshnessFresh {
			waiting = append(waiting, "node "+node)
		}
	}
	return waiting
}
